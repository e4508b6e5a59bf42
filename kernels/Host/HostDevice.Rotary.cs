using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Rotary position embedding.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // Tokens whose cosines and sines, with a pair of features, stay in half of an L1 cache while all heads are turned by them.
    private const int RotaryTokens = 1024;

    /// <inheritdoc/>
    private protected override void RotateCore(in RotaryArguments arguments, in DeviceMatrix x, in DeviceMatrix cosines, in DeviceMatrix sines)
    {
        int blocks = (x.Columns + RotaryTokens - 1) / RotaryTokens;
        pool.Run(
            cosines.Rows * blocks,
            new RotateBody(
                arguments, Pointer(x), x.Stride, x.Rows / arguments.HeadSize, x.Columns, Pointer(cosines), cosines.Stride, Pointer(sines),
                sines.Stride, blocks),
            Streams(x.Rows, x.Columns, matrices: 2));
    }

    /// <summary>Turns one pair of features of every head, for a block of tokens: their angles are the same.</summary>
    private readonly struct RotateBody(
        RotaryArguments arguments, float* x, nint stride, int heads, int tokens, float* cosines, nint cosineStride, float* sines, nint sineStride,
        int blocks)
        : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            int pair = index / blocks;
            int first = (index - (pair * blocks)) * RotaryTokens;
            int count = Math.Min(RotaryTokens, tokens - first);
            int padded = DeviceMatrix.Padded(count);
            float* cosine = scratch.Take(2 * RotaryTokens);
            float* sine = cosine + RotaryTokens;
            AtPositions(cosines + (pair * cosineStride), first, count, cosine);
            AtPositions(sines + (pair * sineStride), first, count, sine);
            TVector direction = TSimd.Broadcast(arguments.Inverse ? -1 : 1);
            float* even = x + (2 * pair * stride) + first;
            for (int head = 0; head < heads; head++, even += arguments.HeadSize * stride)
            {
                float* odd = even + stride;
                for (int t = 0; t < padded; t += TSimd.Width)
                {
                    TVector c = TSimd.Load(cosine + t);
                    TVector s = TSimd.Multiply(direction, TSimd.Load(sine + t));
                    TVector a = TSimd.Load(even + t);
                    TVector b = TSimd.Load(odd + t);
                    TSimd.Store(even + t, TSimd.Subtract(TSimd.Multiply(a, c), TSimd.Multiply(b, s)));
                    TSimd.Store(odd + t, TSimd.Add(TSimd.Multiply(b, c), TSimd.Multiply(a, s)));
                }
            }
        }

        /// <summary>
        /// Copies a table's row at the positions of tokens, with zeros up to the next whole line. Sequences begin anywhere in a row of tokens, and
        /// positions anywhere in a table's, but the copy's vectors are those of the tokens.
        /// </summary>
        private void AtPositions(float* row, int firstToken, int count, float* to)
        {
            int position = firstToken % arguments.Sequence;
            for (int done = 0; done < count; position = 0)
            {
                int run = Math.Min(arguments.Sequence - position, count - done);
                new Span<float>(row + arguments.FirstPosition + position, run).CopyTo(new Span<float>(to + done, run));
                done += run;
            }

            new Span<float>(to + count, DeviceMatrix.Padded(count) - count).Clear();
        }
    }
}
