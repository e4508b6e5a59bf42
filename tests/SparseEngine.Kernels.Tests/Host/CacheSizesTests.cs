using System.Globalization;
using SparseEngine.Kernels.Host;

namespace SparseEngine.Kernels.Tests.Host;

public class CacheSizesTests
{
    // What Linux knows of the caches of the first core.
    private const string Folder = "/sys/devices/system/cpu/cpu0/cache";

    [Fact]
    public void They_are_those_that_the_system_reports()
    {
        Assert.SkipUnless(Directory.Exists(Folder) && System.Runtime.Intrinsics.X86.X86Base.IsSupported, "the system does not say");

        Assert.Equal(Reported(1), CacheSizes.Level1);
        Assert.Equal(Reported(2), CacheSizes.Level2);
    }

    [Fact]
    public void They_are_sizes_of_caches()
    {
        Assert.InRange(CacheSizes.Level1, 8 << 10, 1 << 20);
        Assert.InRange(CacheSizes.Level2, CacheSizes.Level1, 1 << 28);
    }

    private static int Reported(int level)
    {
        string size = Directory.GetDirectories(Folder, "index*")
            .Where(cache => Line(cache, "level") == level.ToString(CultureInfo.InvariantCulture) && Line(cache, "type") != "Instruction")
            .Select(cache => Line(cache, "size"))
            .Single();
        return int.Parse(size.TrimEnd('K'), CultureInfo.InvariantCulture) << 10;
    }

    private static string Line(string cache, string file) => File.ReadAllText(Path.Combine(cache, file)).Trim();
}
