using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.RandomNumbers;

namespace SparseEngine.Kernels.Sparse;

/// <summary>The choice of a weight's kept elements on the host.</summary>
public static class MaskSelection
{
    /// <summary>Flags the kept elements, as <see cref="ComputeDevice.SelectMask"/> defines them.</summary>
    /// <param name="arguments">How they are chosen.</param>
    /// <param name="weight">The weight's elements, row-major.</param>
    /// <param name="scores">As long as the weight; what it holds is overwritten.</param>
    /// <param name="keep">As long as the weight; receives the flags.</param>
    public static void Select(in MaskArguments arguments, ReadOnlySpan<float> weight, Span<float> scores, Span<bool> keep)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(scores.Length, weight.Length);
        Pcg64 generator = arguments.Generator;
        if (arguments.Score == MaskScore.Random)
        {
            generator.FillSingle(scores);
            for (int i = 0; i < scores.Length; i++)
            {
                scores[i] = float.IsFinite(weight[i]) ? scores[i] : -scores[i];
            }
        }
        else
        {
            for (int i = 0; i < scores.Length; i++)
            {
                scores[i] = float.IsFinite(weight[i]) ? MathF.Abs(weight[i]) : -generator.NextSingle();
            }
        }

        TopK.Select(scores, arguments.Kept, keep);
    }
}
