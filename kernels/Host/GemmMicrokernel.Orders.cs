namespace SparseEngine.Kernels.Host;

/// <content>How the left operand's elements follow each other.</content>
internal static unsafe partial class GemmMicrokernel<TSimd, TVector>
{
    /// <summary>Where the elements of A lie, in floats.</summary>
    public interface IOperandOrder
    {
        /// <summary>The distance of a[p, i + 1] from a[p, i].</summary>
        static abstract nint Row(nint stride);

        /// <summary>The distance of a[p + 1, i] from a[p, i].</summary>
        static abstract nint Step(nint stride);

        /// <summary>The distance of a tile's first element from that of the tile a row above it.</summary>
        static abstract nint RowOfTile(nint stride, int depth);

        /// <summary>Whether tiles are filled up with zeros.</summary>
        static abstract bool HasWholeTiles { get; }

        /// <summary>Whether something else is asked for meanwhile.</summary>
        static abstract bool FetchesAhead { get; }
    }

    /// <summary>A panel of A: depth x <see cref="Rows"/>.</summary>
    public readonly struct PackedOrder : IOperandOrder
    {
        public static bool FetchesAhead => false;

        public static bool HasWholeTiles => true;

        public static nint RowOfTile(nint stride, int depth) => depth;

        public static nint Row(nint stride) => 1;

        public static nint Step(nint stride) => Rows;
    }

    /// <summary>Rows of A that were written as rows of C: a panel's <see cref="Columns"/> are the depth.</summary>
    public readonly struct ResultOrder : IOperandOrder
    {
        public static bool FetchesAhead => false;

        public static bool HasWholeTiles => false;

        public static nint RowOfTile(nint stride, int depth) => Columns;

        public static nint Row(nint stride) => Columns;

        public static nint Step(nint stride) => 1;
    }

    /// <summary>A matrix whose rows are p, where it lies.</summary>
    public readonly struct TransposedOrder : IOperandOrder
    {
        public static bool FetchesAhead => true;

        public static bool HasWholeTiles => false;

        public static nint RowOfTile(nint stride, int depth) => 1;

        public static nint Row(nint stride) => 1;

        public static nint Step(nint stride) => stride;
    }

    /// <summary>A matrix whose columns are p, where it lies.</summary>
    public readonly struct RowOrder : IOperandOrder
    {
        public static bool FetchesAhead => false;

        public static bool HasWholeTiles => false;

        public static nint RowOfTile(nint stride, int depth) => stride;

        public static nint Row(nint stride) => stride;

        public static nint Step(nint stride) => 1;
    }
}
