using System.Runtime.CompilerServices;

namespace SparseEngine.Kernels.Host;

/// <content>Where the gradients of attention's keys and values go.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    private readonly partial struct AttentionBackwardBody
    {
        /// <summary>Writes the gradients of keys or values that nobody has written before.</summary>
        private void WriteKeys(
            AttentionHead<TSimd, TVector> head, int first, int end, float* sums, in AttentionBackwardTiles tiles, Operand gradient) =>
            PackedPanels.Transpose(
                sums + ((nint)first * tiles.SumStride), tiles.SumStride, end - first, arguments.HeadSize,
                gradient.At(head.FirstKeyRow, head.FirstToken + first), gradient.Stride);

        /// <summary>Adds gradients of keys or values to those that are there.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void AddKeys(
            AttentionHead<TSimd, TVector> head, int first, int end, float* sums, in AttentionBackwardTiles tiles, Operand gradient)
        {
            int keys = end - first;
            if (keys <= 0)
            {
                return;
            }

            float* addend = tiles.Addend;
            float* target = gradient.At(head.FirstKeyRow, head.FirstToken + first);
            PackedPanels.Transpose(sums + ((nint)first * tiles.SumStride), tiles.SumStride, keys, arguments.HeadSize, addend, keys);
            for (int f = 0; f < arguments.HeadSize; f++, addend += keys, target += gradient.Stride)
            {
                int t = 0;
                for (; t + TSimd.Width <= keys; t += TSimd.Width)
                {
                    TSimd.Store(target + t, TSimd.Add(TSimd.Load(target + t), TSimd.Load(addend + t)));
                }

                for (; t < keys; t++)
                {
                    target[t] += addend[t];
                }
            }
        }
    }
}
