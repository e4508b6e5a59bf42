using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using SparseEngine.Kernels.RandomNumbers;

namespace SparseEngine.Kernels.Sparse;

/// <summary>Scores the elements of a weight, as <see cref="MaskArguments"/> says.</summary>
/// <param name="score">What they are ranked by.</param>
/// <param name="generator">Where draws come from.</param>
/// <param name="firstDraws">For each part, where elements that are not finite are drawn for alone, how many of them lie before it.</param>
/// <param name="weight">The elements.</param>
/// <param name="scores">Receives their scores.</param>
internal readonly ref struct ElementScores(
    MaskScore score, Pcg64 generator, int[] firstDraws, ReadOnlySpan<float> weight, Span<float> scores) : IParts
{
    private readonly ReadOnlySpan<float> weight = weight;
    private readonly Span<float> scores = scores;

    /// <inheritdoc/>
    public void Do(int part)
    {
        Run run = Run.AlignedPart(weight.Length, part, firstDraws.Length);
        Pcg64 jumped = generator;
        if (score == MaskScore.Random)
        {
            jumped.SkipSingles(run.Start);
            Draw(jumped, weight.Slice(run.Start, run.Length), scores.Slice(run.Start, run.Length));
        }
        else
        {
            jumped.SkipSingles(firstDraws[part]);
            Measure(jumped, weight.Slice(run.Start, run.Length), scores.Slice(run.Start, run.Length));
        }
    }

    /// <summary>All ones where a number is not finite.</summary>
    internal static Vector256<uint> NonFinite(Vector256<uint> bits) =>
        Vector256.Equals(bits & Vector256.Create(FloatBits.Exponent), Vector256.Create(FloatBits.Exponent));

    private static void Draw(Pcg64 generator, ReadOnlySpan<float> weight, Span<float> scores)
    {
        generator.FillSingle(scores);
        ReadOnlySpan<Vector256<uint>> weights = MemoryMarshal.Cast<float, Vector256<uint>>(weight);
        Span<Vector256<uint>> vectors = MemoryMarshal.Cast<float, Vector256<uint>>(scores);
        for (int v = 0; v < vectors.Length; v++)
        {
            vectors[v] ^= NonFinite(weights[v]) & Vector256.Create(FloatBits.Sign);
        }

        for (int i = vectors.Length * Vector256<float>.Count; i < scores.Length; i++)
        {
            scores[i] = float.IsFinite(weight[i]) ? scores[i] : -scores[i];
        }
    }

    private static void Measure(Pcg64 generator, ReadOnlySpan<float> weight, Span<float> scores)
    {
        ReadOnlySpan<Vector256<uint>> weights = MemoryMarshal.Cast<float, Vector256<uint>>(weight);
        Span<Vector256<uint>> vectors = MemoryMarshal.Cast<float, Vector256<uint>>(scores);
        for (int v = 0; v < vectors.Length; v++)
        {
            vectors[v] = weights[v] & Vector256.Create(FloatBits.Magnitude);
            for (uint lanes = NonFinite(weights[v]).ExtractMostSignificantBits(); lanes != 0; lanes &= lanes - 1)
            {
                scores[(v * Vector256<float>.Count) + BitOperations.TrailingZeroCount(lanes)] = -generator.NextSingle();
            }
        }

        for (int i = vectors.Length * Vector256<float>.Count; i < scores.Length; i++)
        {
            scores[i] = float.IsFinite(weight[i]) ? MathF.Abs(weight[i]) : -generator.NextSingle();
        }
    }
}

/// <summary>Counts the elements of each part that are not finite, at the place of the next part.</summary>
internal readonly ref struct NonFiniteCounts(ReadOnlySpan<float> weight, int[] counts) : IParts
{
    private readonly ReadOnlySpan<float> weight = weight;

    /// <inheritdoc/>
    public void Do(int part)
    {
        Run run = Run.AlignedPart(weight.Length, part, counts.Length);
        int count = 0;

        // Whole vectors: no part but the last ends elsewhere, and nobody asks for its number.
        foreach (Vector256<uint> vector in MemoryMarshal.Cast<float, Vector256<uint>>(weight.Slice(run.Start, run.Length)))
        {
            count += BitOperations.PopCount(ElementScores.NonFinite(vector).ExtractMostSignificantBits());
        }

        counts[part + 1] = count;
    }
}
