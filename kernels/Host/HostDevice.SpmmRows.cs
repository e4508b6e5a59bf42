using System.Runtime.CompilerServices;

namespace SparseEngine.Kernels.Host;

/// <content>
/// The inner loops of the sparse products: a tile of packed activations times a group's non-zeros, 8, 4 or 1 vectors of tokens at a time.
/// </content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    private readonly partial struct SpmmBody
    {
        // Each method copies what its loop over the non-zeros reads to locals, which stay in registers.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private int AddRows8(in TileRows rows, float* tile, nint stripStride, bool pastCaches)
        {
            float* weights = values;
            ushort* columns = offsets;
            ushort* counts = rows.Counts;
            byte* order = rows.Order;
            float* firstSource = rows.Source;
            float* firstTo = rows.Destination;
            nint sourceStride = rows.SourceStride, toStride = rows.DestinationStride;
            bool load = firstSource is not null;
            int count = rows.Count;
            int p = rows.FirstNonZero;
            for (int i = 0; i < count; i++)
            {
                int last = p + counts[i];
                nint row = order[i];
                float* source = firstSource + (row * sourceStride);
                float* to = firstTo + (row * toStride);
                if (p == last && source == to)
                {
                    continue;
                }

                Vectors4<TSimd, TVector> a, b;
                if (load)
                {
                    CacheLines.Prefetch(firstSource + (order[i + FiringOrder.RowsAhead] * sourceStride), TileTokens);
                    a = Vectors4<TSimd, TVector>.Load(source);
                    b = Vectors4<TSimd, TVector>.Load(source + Vectors4<TSimd, TVector>.Width);
                }
                else
                {
                    a = b = Vectors4<TSimd, TVector>.Broadcast(BiasOf(rows.First + (int)row));
                }

                for (; p < last; p++)
                {
                    TVector value = TSimd.Broadcast(weights[p]);
                    float* from = tile + columns[p];
                    a.AddScaled(value, from);
                    b.AddScaled(value, from + stripStride);
                }

                if (pastCaches)
                {
                    a.StoreNonTemporal(to);
                    b.StoreNonTemporal(to + Vectors4<TSimd, TVector>.Width);
                }
                else
                {
                    a.Store(to);
                    b.Store(to + Vectors4<TSimd, TVector>.Width);
                }
            }

            return p;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private int AddRows4(in TileRows rows, float* tile, bool pastCaches)
        {
            float* weights = values;
            ushort* columns = offsets;
            ushort* counts = rows.Counts;
            byte* order = rows.Order;
            float* firstSource = rows.Source;
            float* firstTo = rows.Destination;
            nint sourceStride = rows.SourceStride, toStride = rows.DestinationStride;
            bool load = firstSource is not null;
            int count = rows.Count;
            int p = rows.FirstNonZero;
            for (int i = 0; i < count; i++)
            {
                int last = p + counts[i];
                nint row = order[i];
                float* source = firstSource + (row * sourceStride);
                float* to = firstTo + (row * toStride);
                if (p == last && source == to)
                {
                    continue;
                }

                Vectors4<TSimd, TVector> sum;
                if (load)
                {
                    CacheLines.Prefetch(firstSource + (order[i + FiringOrder.RowsAhead] * sourceStride), StripTokens);
                    sum = Vectors4<TSimd, TVector>.Load(source);
                }
                else
                {
                    sum = Vectors4<TSimd, TVector>.Broadcast(BiasOf(rows.First + (int)row));
                }

                for (; p < last; p++)
                {
                    sum.AddScaled(TSimd.Broadcast(weights[p]), tile + columns[p]);
                }

                if (pastCaches)
                {
                    sum.StoreNonTemporal(to);
                }
                else
                {
                    sum.Store(to);
                }
            }

            return p;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private int AddRows1(in TileRows rows, float* tile)
        {
            float* weights = values;
            ushort* columns = offsets;
            ushort* counts = rows.Counts;
            byte* order = rows.Order;
            float* firstSource = rows.Source;
            float* firstTo = rows.Destination;
            nint sourceStride = rows.SourceStride, toStride = rows.DestinationStride;
            bool load = firstSource is not null;
            int count = rows.Count;
            int p = rows.FirstNonZero;
            for (int i = 0; i < count; i++)
            {
                int last = p + counts[i];
                nint row = order[i];
                float* source = firstSource + (row * sourceStride);
                float* to = firstTo + (row * toStride);
                TVector sum = load ? TSimd.Load(source) : TSimd.Broadcast(BiasOf(rows.First + (int)row));
                for (; p < last; p++)
                {
                    sum = TSimd.MultiplyAdd(TSimd.Broadcast(weights[p]), TSimd.Load(tile + columns[p]), sum);
                }

                TSimd.Store(to, sum);
            }

            return p;
        }

        private float BiasOf(int row) => bias is null ? 0 : bias[row];
    }

    /// <summary>A group's rows in one tile, and where their sums are read from (null starts them from the bias) and written to.</summary>
    private readonly struct TileRows(
        int first, int count, byte* order, ushort* counts, int firstNonZero, float* source, nint sourceStride, float* destination,
        nint destinationStride)
    {
        public readonly int First = first, Count = count, FirstNonZero = firstNonZero;
        public readonly byte* Order = order;
        public readonly ushort* Counts = counts;
        public readonly float* Source = source, Destination = destination;
        public readonly nint SourceStride = sourceStride, DestinationStride = destinationStride;

        /// <summary>The same for the tokens from <paramref name="token"/> on.</summary>
        public TileRows From(int token) => new(
            First, Count, Order, Counts, FirstNonZero, Source is null ? null : Source + token, SourceStride, Destination + token, DestinationStride);
    }
}
