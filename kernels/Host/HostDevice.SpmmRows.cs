using System.Runtime.CompilerServices;

namespace SparseEngine.Kernels.Host;

/// <content>The inner loops of the sparse products: a tile of packed activations times a group's non-zeros.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    private readonly partial struct SpmmBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private int AddRows8(in TileRows rows, float* tile)
        {
            // Locals, so that the loop over the non-zeros keeps them in registers.
            float* weights = values;
            ushort* columns = offsets;
            ushort* counts = rows.Counts;
            float* source = rows.Source;
            float* to = rows.Destination;
            nint sourceStride = rows.SourceStride, toStride = rows.DestinationStride;
            bool load = source is not null;
            int p = rows.FirstNonZero;
            for (int i = 0; i < rows.Count; i++, source += sourceStride, to += toStride)
            {
                int last = p + counts[i];
                if (p == last && source == to)
                {
                    continue;
                }

                TVector a0, a1, a2, a3, a4, a5, a6, a7;
                if (load)
                {
                    a0 = TSimd.Load(source);
                    a1 = TSimd.Load(source + TSimd.Width);
                    a2 = TSimd.Load(source + (2 * TSimd.Width));
                    a3 = TSimd.Load(source + (3 * TSimd.Width));
                    a4 = TSimd.Load(source + (4 * TSimd.Width));
                    a5 = TSimd.Load(source + (5 * TSimd.Width));
                    a6 = TSimd.Load(source + (6 * TSimd.Width));
                    a7 = TSimd.Load(source + (7 * TSimd.Width));
                }
                else
                {
                    a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = TSimd.Broadcast(bias is null ? 0 : bias[rows.First + i]);
                }

                for (; p < last; p++)
                {
                    TVector value = TSimd.Broadcast(weights[p]);
                    float* from = tile + columns[p];
                    a0 = TSimd.MultiplyAdd(value, TSimd.Load(from), a0);
                    a1 = TSimd.MultiplyAdd(value, TSimd.Load(from + TSimd.Width), a1);
                    a2 = TSimd.MultiplyAdd(value, TSimd.Load(from + (2 * TSimd.Width)), a2);
                    a3 = TSimd.MultiplyAdd(value, TSimd.Load(from + (3 * TSimd.Width)), a3);
                    a4 = TSimd.MultiplyAdd(value, TSimd.Load(from + (4 * TSimd.Width)), a4);
                    a5 = TSimd.MultiplyAdd(value, TSimd.Load(from + (5 * TSimd.Width)), a5);
                    a6 = TSimd.MultiplyAdd(value, TSimd.Load(from + (6 * TSimd.Width)), a6);
                    a7 = TSimd.MultiplyAdd(value, TSimd.Load(from + (7 * TSimd.Width)), a7);
                }

                TSimd.Store(to, a0);
                TSimd.Store(to + TSimd.Width, a1);
                TSimd.Store(to + (2 * TSimd.Width), a2);
                TSimd.Store(to + (3 * TSimd.Width), a3);
                TSimd.Store(to + (4 * TSimd.Width), a4);
                TSimd.Store(to + (5 * TSimd.Width), a5);
                TSimd.Store(to + (6 * TSimd.Width), a6);
                TSimd.Store(to + (7 * TSimd.Width), a7);
            }

            return p;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private int AddRows4(in TileRows rows, float* tile)
        {
            // Locals, so that the loop over the non-zeros keeps them in registers.
            float* weights = values;
            ushort* columns = offsets;
            ushort* counts = rows.Counts;
            float* source = rows.Source;
            float* to = rows.Destination;
            nint sourceStride = rows.SourceStride, toStride = rows.DestinationStride;
            bool load = source is not null;
            int p = rows.FirstNonZero;
            for (int i = 0; i < rows.Count; i++, source += sourceStride, to += toStride)
            {
                int last = p + counts[i];
                TVector a0, a1, a2, a3;
                if (load)
                {
                    a0 = TSimd.Load(source);
                    a1 = TSimd.Load(source + TSimd.Width);
                    a2 = TSimd.Load(source + (2 * TSimd.Width));
                    a3 = TSimd.Load(source + (3 * TSimd.Width));
                }
                else
                {
                    a0 = a1 = a2 = a3 = TSimd.Broadcast(bias is null ? 0 : bias[rows.First + i]);
                }

                for (; p < last; p++)
                {
                    TVector value = TSimd.Broadcast(weights[p]);
                    float* from = tile + columns[p];
                    a0 = TSimd.MultiplyAdd(value, TSimd.Load(from), a0);
                    a1 = TSimd.MultiplyAdd(value, TSimd.Load(from + TSimd.Width), a1);
                    a2 = TSimd.MultiplyAdd(value, TSimd.Load(from + (2 * TSimd.Width)), a2);
                    a3 = TSimd.MultiplyAdd(value, TSimd.Load(from + (3 * TSimd.Width)), a3);
                }

                TSimd.Store(to, a0);
                TSimd.Store(to + TSimd.Width, a1);
                TSimd.Store(to + (2 * TSimd.Width), a2);
                TSimd.Store(to + (3 * TSimd.Width), a3);
            }

            return p;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private int AddRows1(in TileRows rows, float* tile)
        {
            // Locals, so that the loop over the non-zeros keeps them in registers.
            float* weights = values;
            ushort* columns = offsets;
            ushort* counts = rows.Counts;
            float* source = rows.Source;
            float* to = rows.Destination;
            nint sourceStride = rows.SourceStride, toStride = rows.DestinationStride;
            bool load = source is not null;
            int p = rows.FirstNonZero;
            for (int i = 0; i < rows.Count; i++, source += sourceStride, to += toStride)
            {
                int last = p + counts[i];
                TVector sum = load ? TSimd.Load(source) : TSimd.Broadcast(bias is null ? 0 : bias[rows.First + i]);
                for (; p < last; p++)
                {
                    sum = TSimd.MultiplyAdd(TSimd.Broadcast(weights[p]), TSimd.Load(tile + columns[p]), sum);
                }

                TSimd.Store(to, sum);
            }

            return p;
        }
    }

    /// <summary>A group's rows in one tile, and where their sums are read from (null starts them from the bias) and written to.</summary>
    private readonly struct TileRows(
        int first, int count, ushort* counts, int firstNonZero, float* source, nint sourceStride, float* destination, nint destinationStride)
    {
        public readonly int First = first, Count = count, FirstNonZero = firstNonZero;
        public readonly ushort* Counts = counts;
        public readonly float* Source = source, Destination = destination;
        public readonly nint SourceStride = sourceStride, DestinationStride = destinationStride;

        /// <summary>The same for the tokens from <paramref name="token"/> on.</summary>
        public TileRows From(int token) =>
            new(First, Count, Counts, FirstNonZero, Source is null ? null : Source + token, SourceStride, Destination + token, DestinationStride);
    }
}
