using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using SparseEngine.Kernels.RandomNumbers;

namespace SparseEngine.Kernels.Sparse;

/// <summary>What elements are worth that do not stay: finite numbers.</summary>
/// <param name="growth">What they are chosen by.</param>
/// <param name="generator">Where draws come from.</param>
/// <param name="scores">Receives the numbers; the gradient, where that is what they are chosen by.</param>
/// <param name="parts">The number of parts.</param>
internal readonly ref struct GrowthScores(MaskGrowth growth, Pcg64 generator, Span<float> scores, int parts) : IParts
{
    private readonly Span<float> scores = scores;

    /// <inheritdoc/>
    public void Do(int part)
    {
        Run run = Run.AlignedPart(scores.Length, part, parts);
        Span<float> mine = scores.Slice(run.Start, run.Length);
        switch (growth)
        {
            case MaskGrowth.Lowest:
                mine.Clear();
                break;
            case MaskGrowth.Random:
                Pcg64 jumped = generator;
                jumped.SkipSingles(run.Start);
                jumped.FillSingle(mine);
                break;
            default:
                Measure(MemoryMarshal.Cast<float, uint>(mine));
                break;
        }
    }

    private static void Measure(Span<uint> bits)
    {
        Span<Vector256<uint>> vectors = MemoryMarshal.Cast<uint, Vector256<uint>>(bits);
        foreach (ref Vector256<uint> vector in vectors)
        {
            vector = ByMagnitude.Key(vector);
        }

        foreach (ref uint element in bits[(vectors.Length * Vector256<uint>.Count)..])
        {
            element = ByMagnitude.Key(element);
        }
    }
}
