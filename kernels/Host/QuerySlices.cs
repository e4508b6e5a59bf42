using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <summary>A sequence's queries, cut into slices that attention takes about as long for: without a window the later ones see more keys.</summary>
/// <param name="arguments">The attention's shape.</param>
/// <param name="panel">Queries in a panel: slices start with one.</param>
/// <param name="count">The number of slices.</param>
internal readonly struct QuerySlices(in AttentionArguments arguments, int panel, int count)
{
    private readonly int sequence = arguments.Sequence;
    private readonly bool isWindowed = arguments.Window < arguments.Sequence;

    /// <summary>The number of slices.</summary>
    public int Count => count;

    /// <summary>The first query of a slice; of the one after the last, the end of the sequence.</summary>
    public int FirstOf(int slice)
    {
        double share = (double)slice / count;
        int panels = (sequence + panel - 1) / panel;
        return Math.Min(sequence, (int)Math.Round(panels * (isWindowed ? share : Math.Sqrt(share))) * panel);
    }
}
