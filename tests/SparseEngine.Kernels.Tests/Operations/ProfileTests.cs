using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Kernels.Gpu;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

/// <summary>What a device writes down of its operations.</summary>
public class ProfileTests
{
    [Theory]
    [EveryDevice]
    public void A_product_is_one_call_with_its_flops_however_it_is_computed(DeviceFamily family)
    {
        CsrPattern pattern = new Inputs(1).Pattern(6, 5, 0.5);
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            using Workspace workspace = new(device, poisoned: false);
            CsrMatrix weight = new(workspace.Pattern(pattern), workspace.Buffer(pattern.NonZeros));
            DeviceMatrix x = workspace.Activations(5, 20);
            DeviceMatrix y = workspace.Activations(6, 20);
            DeviceBuffer<float> bias = workspace.Buffer(6);

            Profile profile = Profiled(device, () =>
            {
                device.Spmm(weight, x, y, bias);
                device.SpmmTransposed(weight, y, x, accumulate: false);
                device.Sddmm(weight.Pattern, y, x, weight.Values, accumulate: true);
            });

            Assert.Equal(["SpMM", "transposed SpMM", "SDDMM"], profile.Calls.Select(call => call.Name));
            Assert.Equal(["6 x 5 x 20", "6 x 5 x 20", "6 x 5 x 20"], profile.Calls.Select(call => call.Shape));
            foreach ((string name, SparseProduct product) in new[] { ("SpMM", SparseProduct.Spmm), ("SDDMM", SparseProduct.Sddmm) })
            {
                int computed = device.ComputesDense(product, 6, 5, pattern.NonZeros, 20) ? 30 : pattern.NonZeros;
                Assert.Equal(2.0 * 20 * computed, profile.Totals.Single(total => total.Name == name).Flops);
            }
        }
    }

    [Theory]
    [InlineData(int.MaxValue, 55)]
    [InlineData(10, 55)]
    [InlineData(3, 27)]
    [InlineData(1, 10)]
    public void Attention_has_the_flops_of_the_pairs_that_see_each_other(int window, int pairs)
    {
        using BorrowedDevices devices = DevicePool.Borrow(DeviceFamily.HostSparseProducts);
        ComputeDevice device = devices.All[0];
        using Workspace workspace = new(device, poisoned: false);
        DeviceMatrix x = workspace.Activations(6, 20);
        DeviceMatrix shared = workspace.Activations(3, 20);
        DeviceMatrix token = workspace.Activations(6, 1);
        DeviceMatrix key = workspace.Activations(3, 1);
        DeviceBuffer<float> sums = workspace.Buffer(40);

        Profile profile = Profiled(device, () =>
        {
            AttentionArguments arguments = new(2, 10, 2, 3, 1, 0, default) { KeyValueHeads = 1, Window = window };
            device.AttentionForward(arguments, x, shared, shared, x, sums);
            device.AttentionBackward(arguments, x, shared, shared, x, sums, x, x, shared, shared);
            device.AttentionDecode(new(9, 2, 3, 1) { KeyValueHeads = 1, Window = window }, token, key, key, shared, shared, token);
        });

        // A score and a value, two operations for each of a head's 3 features; 2 heads, and 2 sequences.
        Assert.Equal(
            [2.0 * 2 * 12 * pairs, 2.0 * 2 * 2 * 12 * pairs, 2.0 * 12 * Math.Min(10, window)],
            new[] { "attention", "attention gradient", "cached attention" }.Select(name => profile.Totals.Single(total => total.Name == name).Flops));
    }

    [Theory]
    [EveryDevice]
    public void Calls_that_are_refused_or_made_without_a_profile_are_not_written_down(DeviceFamily family)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        ComputeDevice device = devices.All[0];
        using Workspace workspace = new(device, poisoned: false);
        DeviceMatrix x = workspace.Activations(4, 20);

        Profile profile = Profiled(device, () =>
        {
            device.Add(x, x);
            Assert.ThrowsAny<ArgumentException>(() => device.Add(x, x with { Rows = 3 }));
        });
        device.Add(x, x);

        OperationTotal total = Assert.Single(profile.Totals);
        Assert.Equal(("residual", 1), (total.Name, total.Calls));
        Assert.InRange(total.Time, TimeSpan.Zero, profile.Elapsed);
    }

    [Fact]
    [Trait("device", "ilgpu")]
    public void Only_an_operation_that_is_timed_is_waited_for()
    {
        using BorrowedDevices devices = DevicePool.Borrow(DeviceFamily.IlgpuCpu);
        IlgpuDevice device = (IlgpuDevice)devices.All[0];
        using Workspace workspace = new(device, poisoned: false);
        DeviceMatrix x = workspace.Activations(4, 20);
        int before = device.Synchronizations;

        device.Add(x, x);
        Assert.Equal(before, device.Synchronizations);

        Profiled(device, () =>
        {
            device.Add(x, x);
            device.Add(x, x);
        });
        Assert.Equal(before + 2, device.Synchronizations);
    }

    // The device is another test's next: it must not keep the profile.
    private static Profile Profiled(ComputeDevice device, Action operations)
    {
        Profile profile = new();
        device.Profile = profile;
        try
        {
            operations();
        }
        finally
        {
            device.Profile = null;
        }

        return profile;
    }
}
