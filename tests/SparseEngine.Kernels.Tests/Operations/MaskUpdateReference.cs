using SparseEngine.Kernels.RandomNumbers;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Tests.Operations;

/// <summary>Masks by definition: stable sorts.</summary>
internal static class MaskUpdateReference
{
    /// <summary>The flags after an update.</summary>
    /// <param name="update">The update.</param>
    /// <param name="groups">The group of each element.</param>
    /// <param name="alive">Whether it was alive.</param>
    /// <param name="weights">Its value, where it was.</param>
    /// <param name="gradients">Its gradient.</param>
    public static byte[] Select(MaskUpdate update, int[] groups, bool[] alive, float[] weights, float[] gradients)
    {
        Pcg64 generator = update.Generator;
        float[] scores =
        [
            .. gradients.Select(gradient => update.Growth switch
            {
                MaskGrowth.Lowest => 0,
                MaskGrowth.Random => generator.NextSingle(),
                _ => Magnitude(gradient),
            }),
        ];
        byte[] keep = new byte[alive.Length];
        foreach (IGrouping<int, int> group in Enumerable.Range(0, alive.Length).GroupBy(i => groups[i]))
        {
            int before = group.Count(i => alive[i]);
            int staying = Math.Min((int)Math.Floor(update.StayingShare * before), update.Kept);
            int[] stay = [.. group.Where(i => alive[i]).OrderByDescending(i => Magnitude(weights[i])).Take(staying)];
            int[] grown = [.. group.Except(stay).OrderByDescending(i => scores[i]).Take(update.Kept - staying)];
            foreach (int i in stay.Concat(grown))
            {
                keep[i] = 1;
            }
        }

        return keep;
    }

    /// <summary>The group of each element of a weight.</summary>
    public static int[] GroupsOf(int rows, int columns, int rowGroups, int columnGroups) =>
    [
        .. Enumerable.Range(0, rows * columns).Select(
            i => (i / columns / (rows / rowGroups) * columnGroups) + (i % columns / (columns / columnGroups))),
    ];

    private static float Magnitude(float value) => float.IsFinite(value) ? Math.Abs(value) : float.MaxValue;
}
