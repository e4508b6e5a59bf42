namespace SparseEngine.Kernels.Host;

/// <content>What attention reads: activations where they lie, but at the edges.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <summary>A sequence's keys or values up to a token, as <see cref="AttentionHead{TSimd, TVector}.Product"/> reads them.</summary>
    private static FeatureRows Keys(AttentionHead<TSimd, TVector> head, Operand operand, int size, int end, float* packed)
    {
        if (!head.PacksKeys)
        {
            return operand.From(head.FirstKeyRow, head.FirstToken);
        }

        int rows = GemmMicrokernel<TSimd, TVector>.Rows;
        PackedPanels.CopyRows(operand.At(head.FirstKeyRow, head.FirstToken), operand.Stride, end, size, rows, packed);
        return new FeatureRows(packed, rows);
    }

    /// <summary>A sequence's keys or values up to a token, with the features of a tile at least: where they lie, or copied and zeros added.</summary>
    private static FeatureRows KeyFeatures(AttentionHead<TSimd, TVector> head, Operand operand, int size, int end, float* copy)
    {
        FeatureRows source = operand.From(head.FirstKeyRow, head.FirstToken);
        if (!head.CopiesFeatures)
        {
            return source;
        }

        PackedPanels.CopyRows(source.From(0), source.Stride, end, size, end, copy);
        new Span<float>(copy + (size * end), (GemmMicrokernel<TSimd, TVector>.Rows - size) * end).Clear();
        return new FeatureRows(copy, end);
    }

    /// <summary>A panel's features: where they lie, or a copy that ends in zeros where the sequence ends within the panel.</summary>
    private static FeatureRows Panel(AttentionHead<TSimd, TVector> head, Operand operand, int size, int first, int count, float* copy)
    {
        int panel = AttentionHead<TSimd, TVector>.PanelQueries;
        float* from = operand.At(head.FirstRow, head.FirstToken + first);
        if (count == panel)
        {
            return new FeatureRows(from, operand.Stride);
        }

        PackedPanels.CopyRows(from, operand.Stride, count, size, panel, copy);
        return new FeatureRows(copy, panel);
    }

    /// <summary>A matrix of activations as kernels see it.</summary>
    private readonly struct Operand(float* data, int stride)
    {
        public readonly int Stride = stride;

        /// <summary>The address of an element.</summary>
        public float* At(int row, int column) => data + ((nint)row * Stride) + column;

        /// <summary>The rows from an element on.</summary>
        public FeatureRows From(int row, int column) => new(At(row, column), Stride);
    }
}
