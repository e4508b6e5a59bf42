using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;
using SparseEngine.Kernels.RandomNumbers;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class DropoutTests
{
    private static readonly DropoutKey Key = new(Seed: 0x12345678, Step: 0x1_0000_0007, Site: 42);

    [Theory]
    [EveryDevice]
    public void Kept_places_are_scaled_and_the_others_are_zero(DeviceFamily family)
    {
        foreach ((int features, int tokens, float rate) in new[] { (1, 1, 0.5f), (3, 17, 0.1f), (17, 63, 0.9f), (65, 65, 0.25f), (3, 0, 0.5f) })
        {
            Matrix x = new Inputs(1).Matrix(features, tokens);
            Bounded[] expected = [.. x.Values.Select((v, element) => v * Factor(Key, element, rate))];
            ConformanceCheck.Run(family, $"{features} x {tokens}, rate {rate}", [expected], workspace => [Call(workspace, x, rate, Key)]);
        }
    }

    [Theory]
    [EveryDevice]
    public void The_mask_of_a_part_is_that_part_of_the_mask_of_the_whole_batch(DeviceFamily family)
    {
        foreach ((int features, int tokens, int first, int whole) in new[]
        {
            (3, 1, 5, 6), (2, 3, 0, 6), (3, 3, 3, 7), (17, 17, 34, 68), (3, 63, 63, 189), (3, 63, 1, 64), (5, 65, 130, 195), (3, 64, 64, 128),
        })
        {
            Matrix x = new Inputs(1).Matrix(features, tokens);
            Bounded[] expected =
            [
                .. x.Values.Select((v, element) => v * Factor(Key, ((long)(element / tokens) * whole) + first + (element % tokens), 0.5f)),
            ];
            DropoutKey key = Key with { FirstToken = first, Tokens = whole };
            ConformanceCheck.Run(
                family, $"{features} x {tokens} from {first} of {whole}", [expected], workspace => [Call(workspace, x, 0.5f, key)]);
        }
    }

    [Fact]
    public void A_part_that_does_not_lie_within_the_whole_batch_is_refused()
    {
        using ComputeDevice device = HostDevice.Create(1);
        using Workspace workspace = new(device, poisoned: false);
        DeviceMatrix x = workspace.Activations(new Matrix(1, 4));
        foreach (DropoutKey key in new[]
        {
            Key with { FirstToken = 1 }, Key with { Tokens = 3 }, Key with { FirstToken = 5, Tokens = 8 },
            Key with { FirstToken = -1, Tokens = 8 }, Key with { FirstToken = long.MaxValue, Tokens = long.MaxValue },
        })
        {
            Assert.Throws<ArgumentException>(() => device.Dropout(x, 0.5f, key));
        }
    }

    [Theory]
    [EveryDevice]
    public void Rate_zero_changes_nothing(DeviceFamily family)
    {
        Matrix x = new Inputs(2).Matrix(3, 17);
        ConformanceCheck.Run(family, "rate 0", [[.. x.Values.Select(v => (Bounded)v)]], workspace => [Call(workspace, x, 0, Key)]);
    }

    [Theory]
    [EveryDevice]
    public void A_dropped_place_is_zero_even_where_it_held_NaN(DeviceFamily family)
    {
        Matrix x = new(1, 64, [.. Enumerable.Repeat(double.NaN, 64)]);
        using BorrowedDevices devices = DevicePool.Borrow(family);
        ComputeDevice device = devices.All[0];
        using Workspace workspace = new(device, poisoned: false);
        double[] y = Call(workspace, x, 0.5f, Key);
        for (int element = 0; element < y.Length; element++)
        {
            Assert.Equal(Factor(Key, element, 0.5f).Value == 0 ? 0 : double.NaN, y[element]);
        }
    }

    [Fact]
    public void Masks_drop_their_share_and_differ_by_seed_step_and_site()
    {
        DropoutKey[] keys = [Key, Key with { Seed = 1 }, Key with { Step = Key.Step + 1 }, Key with { Step = 7 }, Key with { Site = 43 }];
        bool[][] masks = [.. keys.Select(key => Enumerable.Range(0, 10_000).Select(e => Factor(key, e, 0.1f).Value == 0).ToArray())];

        // 10 000 draws at 0.1 have a deviation of 30; two independent masks agree on about 1 800 places less than all.
        Assert.All(masks, mask => Assert.InRange(mask.Count(dropped => dropped), 850, 1150));
        for (int i = 1; i < masks.Length; i++)
        {
            Assert.InRange(masks[0].Zip(masks[i], (a, b) => a == b).Count(same => same), 8000, 8400);
        }
    }

    [Fact]
    public void A_rate_outside_zero_to_one_is_refused()
    {
        using ComputeDevice device = HostDevice.Create(1);
        using Workspace workspace = new(device, poisoned: false);
        DeviceMatrix x = workspace.Activations(new Matrix(1, 1));
        foreach (float rate in new[] { -0.1f, 1, float.NaN })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => device.Dropout(x, rate, Key));
        }
    }

    /// <summary>What dropout multiplies an element by, from the definition: word e mod 4 of counter (e / 4, 0, step), key (seed, site).</summary>
    internal static Bounded Factor(DropoutKey key, long element, float rate)
    {
        (uint x, uint y, uint z, uint w) = Philox.Draw((uint)(element / 4), 0, (uint)key.Step, (uint)(key.Step >> 32), key.Seed, key.Site);
        uint draw = (element % 4) switch { 0 => x, 1 => y, 2 => z, _ => w };
        return draw < rate * Math.Pow(2, 32) ? 0 : 1 / (1 - (Bounded)rate);
    }

    private static double[] Call(Workspace workspace, Matrix x, float rate, DropoutKey key)
    {
        DeviceMatrix matrix = workspace.Activations(x);
        workspace.Device.Dropout(matrix, rate, key);
        return Workspace.Read(matrix);
    }
}
