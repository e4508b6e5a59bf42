using System.Buffers;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <summary>A pattern as the host's sparse kernels walk it: the non-zeros of W and of its transpose, each in firing order.</summary>
internal sealed class HostPattern : SparsePattern
{
    private int cutInto;
    private SddmmCut cut;

    /// <param name="workers">Who arranges it.</param>
    /// <param name="csr">The pattern.</param>
    /// <param name="rows">The rows' partition.</param>
    /// <param name="columns">The columns' partition.</param>
    /// <param name="stripTokens">Tokens in a strip of a packed tile of activations.</param>
    public HostPattern(IWorkers workers, CsrPattern csr, RowPartition rows, RowPartition columns, int stripTokens)
        : base(csr)
    {
        Quads = RowQuads.Of(csr);
        Forward = new FiringOrder(workers, csr, rows, stripTokens);
        StripTokens = stripTokens;
        if (Quads is not null)
        {
            return;
        }

        int[] permutation = ArrayPool<int>.Shared.Rent(csr.NonZeros);
        CsrPattern transposed = csr.Transpose(workers, permutation);
        Transposed = new FiringOrder(workers, transposed, columns, stripTokens);
        int[] sources = ArrayPool<int>.Shared.Rent(csr.NonZeros);
        workers.Run(columns.Blocks, new FiredPositions(Transposed, permutation, sources));
        ArrayPool<int>.Shared.Return(permutation);
        TransposedGather = new TransposedGather(workers, csr, Transposed, sources);
        ArrayPool<int>.Shared.Return(sources);
    }

    /// <summary>Tokens in a strip of a packed tile.</summary>
    public int StripTokens { get; }

    /// <summary>The rows of W: output features.</summary>
    public FiringOrder Forward { get; }

    /// <summary>The rows of the transpose: input features. Null where there are <see cref="Quads"/>, as the next.</summary>
    public FiringOrder? Transposed { get; }

    /// <summary>The rows that share their columns four by four; null where they do not.</summary>
    public RowQuads? Quads { get; }

    /// <inheritdoc/>
    public override int BlockRows => Quads is null ? 1 : RowQuads.Rows;

    /// <summary>How values of W come into the transpose's firing order.</summary>
    public TransposedGather? TransposedGather { get; }

    /// <summary>SDDMM's parts; looked for again only where another number is wanted.</summary>
    /// <param name="parts">The most that are wanted.</param>
    public SddmmCut SddmmParts(int parts)
    {
        if (parts != cutInto)
        {
            cut = new SddmmCut(Forward, parts);
            cutInto = parts;
        }

        return cut;
    }

    /// <inheritdoc/>
    public override long Bytes => Forward.Bytes + (Transposed?.Bytes ?? 0) + (TransposedGather?.Bytes ?? 0) + (Quads?.Bytes ?? 0);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }

    /// <summary>Brings positions in the values of W from the order of the transpose's rows into its firing order.</summary>
    private readonly struct FiredPositions(FiringOrder order, int[] positions, int[] fired) : IParts
    {
        public void Do(int part) => order.Walk(part, new CopyPieces<int>(positions, fired));
    }
}
