using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Causal self-attention of one token over kept keys and values.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    private protected override void AttentionDecodeCore(
        in AttentionDecodeArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix keys,
        in DeviceMatrix values, in DeviceMatrix output) =>
        pool.Run(
            arguments.Heads,
            new AttentionDecodeBody(
                arguments, new ActivationRows(Pointer(q), q.Stride), new ActivationRows(Pointer(k), k.Stride),
                new ActivationRows(Pointer(v), v.Stride), new ActivationRows(Pointer(keys), keys.Stride),
                new ActivationRows(Pointer(values), values.Stride), new ActivationRows(Pointer(output), output.Stride)));

    private readonly struct ActivationRows(float* data, nint stride)
    {
        /// <summary>The first token of a feature.</summary>
        public float* this[int feature] => data + (feature * stride);
    }

    /// <summary>
    /// One head. Keys and values are feature-major as all activations are: scores add up row by row of the keys, and each row of the values is one
    /// dot product.
    /// </summary>
    private readonly struct AttentionDecodeBody(
        AttentionDecodeArguments arguments, ActivationRows q, ActivationRows k, ActivationRows v, ActivationRows keys, ActivationRows values,
        ActivationRows output)
        : IParallelBody
    {
        // Rows of keys or values that stream by together: each pass over the scores serves as many.
        private const int StreamedRows = 4;

        public void Invoke(int index, WorkerScratch scratch)
        {
            int first = index * arguments.HeadSize;
            int end = first + arguments.HeadSize;
            int tokens = arguments.Position + 1;
            int padded = DeviceMatrix.Padded(tokens);
            float* scores = scratch.Take(padded);
            Append(first, end, padded - tokens);
            Scores(first, end, padded, scores);
            new Span<float>(scores + tokens, padded - tokens).Fill(float.NegativeInfinity);
            Attend(first, end, padded, scores, Softmax(padded, scores));
        }

        /// <summary>
        /// Writes the token's column. The rest of the values' lines becomes 0: what is there is multiplied by probabilities of 0, and may have been
        /// NaN.
        /// </summary>
        private void Append(int first, int end, int rest)
        {
            for (int feature = first; feature < end; feature++)
            {
                keys[feature][arguments.Position] = *k[feature];
                float* value = values[feature] + arguments.Position;
                *value = *v[feature];
                new Span<float>(value + 1, rest).Clear();
            }
        }

        /// <summary>scores[key] = sum over features of q[feature] keys[feature, key].</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Scores(int first, int end, int padded, float* scores)
        {
            new Span<float>(scores, padded).Clear();
            int feature = first;
            for (; feature + StreamedRows <= end; feature += StreamedRows)
            {
                TVector q0 = TSimd.Broadcast(*q[feature]);
                TVector q1 = TSimd.Broadcast(*q[feature + 1]);
                TVector q2 = TSimd.Broadcast(*q[feature + 2]);
                TVector q3 = TSimd.Broadcast(*q[feature + 3]);
                float* row0 = keys[feature];
                float* row1 = keys[feature + 1];
                float* row2 = keys[feature + 2];
                float* row3 = keys[feature + 3];
                for (int t = 0; t < padded; t += TSimd.Width)
                {
                    TVector sum = TSimd.MultiplyAdd(q0, TSimd.Load(row0 + t), TSimd.Load(scores + t));
                    sum = TSimd.MultiplyAdd(q1, TSimd.Load(row1 + t), sum);
                    sum = TSimd.MultiplyAdd(q2, TSimd.Load(row2 + t), sum);
                    TSimd.Store(scores + t, TSimd.MultiplyAdd(q3, TSimd.Load(row3 + t), sum));
                }
            }

            for (; feature < end; feature++)
            {
                TVector factor = TSimd.Broadcast(*q[feature]);
                float* row = keys[feature];
                for (int t = 0; t < padded; t += TSimd.Width)
                {
                    TSimd.Store(scores + t, TSimd.MultiplyAdd(factor, TSimd.Load(row + t), TSimd.Load(scores + t)));
                }
            }
        }

        /// <summary>Replaces the scores by exp(scale (score - maximum)); returns the inverse of their sum, which completes the softmax.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private float Softmax(int padded, float* scores)
        {
            TVector maxima = TSimd.Load(scores);
            for (int t = TSimd.Width; t < padded; t += TSimd.Width)
            {
                maxima = TSimd.Max(TSimd.Load(scores + t), maxima);
            }

            float* lanes = stackalloc float[TSimd.Width];
            TSimd.Store(lanes, maxima);
            float largest = lanes[0];
            for (int lane = 1; lane < TSimd.Width; lane++)
            {
                largest = MathF.Max(largest, lanes[lane]);
            }

            TVector maximum = TSimd.Broadcast(largest);
            TVector scale = TSimd.Broadcast(arguments.Scale);
            TVector sum = TSimd.Broadcast(0);
            for (int t = 0; t < padded; t += TSimd.Width)
            {
                TVector term = VectorMath<TSimd, TVector>.Exp(TSimd.Multiply(scale, TSimd.Subtract(TSimd.Load(scores + t), maximum)));
                TSimd.Store(scores + t, term);
                sum = TSimd.Add(sum, term);
            }

            return 1 / TSimd.Sum(sum);
        }

        /// <summary>output[feature] = inverse x sum over keys of terms[key] values[feature, key].</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Attend(int first, int end, int padded, float* terms, float inverse)
        {
            float* sums = stackalloc float[StreamedRows];
            int feature = first;
            for (; feature + StreamedRows <= end; feature += StreamedRows)
            {
                float* row0 = values[feature];
                float* row1 = values[feature + 1];
                float* row2 = values[feature + 2];
                float* row3 = values[feature + 3];
                TVector sum0 = TSimd.Broadcast(0);
                TVector sum1 = sum0;
                TVector sum2 = sum0;
                TVector sum3 = sum0;
                for (int t = 0; t < padded; t += TSimd.Width)
                {
                    TVector term = TSimd.Load(terms + t);
                    sum0 = TSimd.MultiplyAdd(term, TSimd.Load(row0 + t), sum0);
                    sum1 = TSimd.MultiplyAdd(term, TSimd.Load(row1 + t), sum1);
                    sum2 = TSimd.MultiplyAdd(term, TSimd.Load(row2 + t), sum2);
                    sum3 = TSimd.MultiplyAdd(term, TSimd.Load(row3 + t), sum3);
                }

                TSimd.StoreSums(sums, sum0, sum1, sum2, sum3, accumulate: false);
                for (int i = 0; i < StreamedRows; i++)
                {
                    *output[feature + i] = inverse * sums[i];
                }
            }

            for (; feature < end; feature++)
            {
                float* row = values[feature];
                TVector sum = TSimd.Broadcast(0);
                for (int t = 0; t < padded; t += TSimd.Width)
                {
                    sum = TSimd.MultiplyAdd(TSimd.Load(terms + t), TSimd.Load(row + t), sum);
                }

                *output[feature] = inverse * TSimd.Sum(sum);
            }
        }
    }
}
