using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <summary>The scratch memory of one head's backward pass through attention, as consecutive arrays.</summary>
internal readonly unsafe struct AttentionBackwardTiles
{
    /// <summary>A panel's probabilities and the gradients of its scores [keys, panel queries].</summary>
    public readonly float* Probabilities, ScoreGradients;

    /// <summary>Copies of a panel's queries, output gradients and outputs [features, panel queries].</summary>
    public readonly float* QueryPanel, GradientPanel, OutputPanel;

    /// <summary>The gradients of a panel's queries [features, panel queries].</summary>
    public readonly float* Result;

    /// <summary>Keys and values, packed, and keys as rows of features, where they are not read where they lie.</summary>
    public readonly float* Keys, Values, Features;

    /// <summary>Gradients of keys or values [features, keys].</summary>
    public readonly float* Addend;

    /// <summary>A panel's queries and output gradients as right operands with the queries as k.</summary>
    public readonly float* QueryFeaturePanels, GradientFeaturePanels;

    /// <summary>The sums that become dK and dV, transposed: [keys, <see cref="SumStride"/>].</summary>
    public readonly float* KeyGradient, ValueGradient;

    /// <summary>The distance of the rows of <see cref="KeyGradient"/> and <see cref="ValueGradient"/>.</summary>
    public readonly int SumStride;

    private readonly float* end;

    private AttentionBackwardTiles(float* memory, in AttentionArguments arguments, bool packsKeys, int scores, int panel, int rows)
    {
        int sequence = arguments.Sequence;
        int size = arguments.HeadSize;
        int wholeKeys = RoundUp(sequence, rows);
        SumStride = RoundUp(size, panel);
        end = memory;
        Probabilities = Take(ref end, scores * panel);
        ScoreGradients = Take(ref end, scores * panel);
        QueryPanel = Take(ref end, size * panel);
        GradientPanel = Take(ref end, size * panel);
        OutputPanel = Take(ref end, size * panel);
        Result = Take(ref end, RoundUp(size, rows) * panel);
        Keys = Take(ref end, packsKeys ? wholeKeys * size : 0);
        Values = Take(ref end, packsKeys ? wholeKeys * size : 0);
        Features = Take(ref end, size < rows ? rows * sequence : 0);
        Addend = Take(ref end, size * sequence);
        QueryFeaturePanels = Take(ref end, SumStride * panel);
        GradientFeaturePanels = Take(ref end, SumStride * panel);
        KeyGradient = Take(ref end, wholeKeys * SumStride);
        ValueGradient = Take(ref end, wholeKeys * SumStride);
    }

    /// <summary>Lays the arrays out in a worker's scratch memory.</summary>
    /// <param name="scratch">The memory.</param>
    /// <param name="arguments">The attention's shape.</param>
    /// <param name="packsKeys">Whether keys and values are packed.</param>
    /// <param name="scores">The most rows of scores that a panel has.</param>
    /// <param name="panel">Queries in a panel.</param>
    /// <param name="rows">Rows of the microkernel's tile.</param>
    public static AttentionBackwardTiles In(
        WorkerScratch scratch, in AttentionArguments arguments, bool packsKeys, int scores, int panel, int rows)
    {
        // Laid out from address zero first, the end is the size.
        AttentionBackwardTiles measure = new(null, arguments, packsKeys, scores, panel, rows);
        float* memory = scratch.Take(checked((int)((nint)measure.end / sizeof(float))));
        return new AttentionBackwardTiles(memory, arguments, packsKeys, scores, panel, rows);
    }

    private static int RoundUp(int length, int multiple) => (length + multiple - 1) / multiple * multiple;

    private static float* Take(ref float* next, int floats)
    {
        float* taken = next;
        next += floats;
        return taken;
    }
}
