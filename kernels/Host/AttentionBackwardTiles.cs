using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <summary>The scratch memory of one head's backward pass through attention, as consecutive arrays.</summary>
internal readonly unsafe struct AttentionBackwardTiles
{
    /// <summary>A block's probabilities, panel by panel [keys, panel queries].</summary>
    public readonly float* Probabilities;

    /// <summary>The gradients of a block's scores, in the same order.</summary>
    public readonly float* ScoreGradients;

    /// <summary>A panel's queries, output gradients and outputs [features, panel queries].</summary>
    public readonly float* QueryPanel, GradientPanel, OutputPanel;

    /// <summary>Keys and values as left operands with the features as k.</summary>
    public readonly float* KeyPanels, ValuePanels;

    /// <summary>Keys as a left operand with the keys as k.</summary>
    public readonly float* KeyFeaturePanels;

    /// <summary>A block's queries and output gradients as left operands with the queries as k.</summary>
    public readonly float* QueryFeaturePanels, GradientFeaturePanels;

    /// <summary>A panel of keys of a block's probabilities or score gradients, transposed: [block queries, panel keys].</summary>
    public readonly float* TransposedPanel;

    /// <summary>The sums that become dK and dV [features, <see cref="SumStride"/>].</summary>
    public readonly float* KeyGradient, ValueGradient;

    /// <summary>The distance of the rows of <see cref="KeyGradient"/> and <see cref="ValueGradient"/>.</summary>
    public readonly int SumStride;

    /// <summary>Keys and features rounded up to whole rows of the microkernel's tile.</summary>
    public readonly int WholeKeys, WholeSize;

    private readonly float* end;

    private AttentionBackwardTiles(float* memory, in AttentionArguments arguments, int panel, int rows, int blockQueries)
    {
        int sequence = arguments.Sequence;
        int size = arguments.HeadSize;
        WholeKeys = RoundUp(sequence, rows);
        WholeSize = RoundUp(size, rows);
        SumStride = RoundUp(sequence, panel);
        end = memory;
        Probabilities = Take(ref end, WholeKeys * blockQueries);
        ScoreGradients = Take(ref end, WholeKeys * blockQueries);
        QueryPanel = Take(ref end, size * panel);
        GradientPanel = Take(ref end, size * panel);
        OutputPanel = Take(ref end, size * panel);
        KeyPanels = Take(ref end, WholeKeys * size);
        ValuePanels = Take(ref end, WholeKeys * size);
        KeyFeaturePanels = Take(ref end, WholeSize * sequence);
        QueryFeaturePanels = Take(ref end, WholeSize * blockQueries);
        GradientFeaturePanels = Take(ref end, WholeSize * blockQueries);
        TransposedPanel = Take(ref end, blockQueries * panel);
        KeyGradient = Take(ref end, WholeSize * SumStride);
        ValueGradient = Take(ref end, WholeSize * SumStride);
    }

    /// <summary>Lays the arrays out in a worker's scratch memory.</summary>
    /// <param name="scratch">The memory.</param>
    /// <param name="arguments">The attention's shape.</param>
    /// <param name="panel">Queries in a panel.</param>
    /// <param name="rows">Rows of the microkernel's tile.</param>
    /// <param name="blockQueries">Queries in a block.</param>
    public static AttentionBackwardTiles In(WorkerScratch scratch, in AttentionArguments arguments, int panel, int rows, int blockQueries)
    {
        // Laid out from address zero first, the end is the size.
        AttentionBackwardTiles measure = new(null, arguments, panel, rows, blockQueries);
        return new AttentionBackwardTiles(scratch.Take(checked((int)((nint)measure.end / sizeof(float)))), arguments, panel, rows, blockQueries);
    }

    private static int RoundUp(int length, int multiple) => (length + multiple - 1) / multiple * multiple;

    private static float* Take(ref float* next, int floats)
    {
        float* taken = next;
        next += floats;
        return taken;
    }
}
