using SparseEngine.Distributed;

namespace SparseEngine.Tests.Distributed;

/// <summary>The threads of a rank, by the CPUs that the ranks of its host may run on.</summary>
public sealed class CpuShareTests
{
    [Theory]
    [InlineData(8, "0-7", "0-7")]
    [InlineData(4, "0-7", "0-7", "0-7")]
    [InlineData(2, "0-7", "0-7", "0-7", "0-7")]
    [InlineData(1, "0-1", "0-1", "0-1", "0-1")]
    [InlineData(1, "0", "0", "1")]
    [InlineData(4, "0-3", "0-3", "4-7")]
    [InlineData(6, "0-7", "0-7", "4-7")]
    [InlineData(2, "4-7", "0-7", "4-7")]
    [InlineData(3, "0-8", "0-8", "0-8", "0-8")]
    public void A_cpu_that_several_may_run_on_is_shared(int threads, string own, params string[] ofHost) =>
        Assert.Equal(threads, CpuShare.Threads(CpuShare.Parse(own), [.. ofHost.Select(CpuShare.Parse)], CpuShare.Parse(own).Count));

    [Fact]
    public void A_quota_of_the_host_is_shared_too()
    {
        IReadOnlySet<int> all = CpuShare.Parse("0-63");

        Assert.Equal(4, CpuShare.Threads(all, [all, all], processors: 8));
        Assert.Equal(1, CpuShare.Threads(all, [all, all, all], processors: 2));
    }

    [Fact]
    public void A_list_of_the_kernel_has_ranges_and_single_numbers() => Assert.Equal([0, 1, 2, 8, 10, 11], CpuShare.Parse("0-2,8,10-11").Order());
}
