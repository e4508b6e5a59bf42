using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Causal self-attention of one token over kept keys and values.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    private protected override void AttentionDecodeCore(
        in AttentionDecodeArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix keys,
        in DeviceMatrix values, in DeviceMatrix output, DeviceBuffer<float>? slopes)
    {
        ActivationRows keyRows = new(Pointer(keys), keys.Stride);
        ActivationRows valueRows = new(Pointer(values), values.Stride);
        pool.Run(
            arguments.KeyValueHeads,
            new AppendBody(arguments, new ActivationRows(Pointer(k), k.Stride), new ActivationRows(Pointer(v), v.Stride), keyRows, valueRows),
            Streams(keys.Rows, LineFloats, matrices: 2));
        pool.Run(
            arguments.Heads,
            new AttentionDecodeBody(
                arguments, new ActivationRows(Pointer(q), q.Stride), keyRows, valueRows, new ActivationRows(Pointer(output), output.Stride),
                PointerOrNull(slopes)),
            Streams(q.Rows, arguments.Position + 1, matrices: 2));
    }

    /// <summary>
    /// Writes the token's column of one key head. The rest of the values' lines becomes 0: what is there is multiplied by probabilities of 0, and may
    /// have been NaN.
    /// </summary>
    private readonly struct AppendBody(
        AttentionDecodeArguments arguments, ActivationRows k, ActivationRows v, ActivationRows keys, ActivationRows values)
        : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            int tokens = arguments.Position + 1;
            int rest = DeviceMatrix.Padded(tokens) - tokens;
            for (int feature = index * arguments.HeadSize; feature < (index + 1) * arguments.HeadSize; feature++)
            {
                keys[feature][arguments.Position] = *k[feature];
                float* value = values[feature] + arguments.Position;
                *value = *v[feature];
                new Span<float>(value + 1, rest).Clear();
            }
        }
    }

    /// <summary>
    /// One head. Keys and values are feature-major as all activations are: scores add up row by row of the keys, and each row of the values is one
    /// dot product.
    /// </summary>
    private readonly struct AttentionDecodeBody(
        AttentionDecodeArguments arguments, ActivationRows q, ActivationRows keys, ActivationRows values, ActivationRows output, float* slopes)
        : IParallelBody
    {
        // Rows of keys or values that stream by together: each pass over the scores serves as many.
        private const int StreamedRows = 4;

        public void Invoke(int index, WorkerScratch scratch)
        {
            int row = index * arguments.HeadSize;
            int keyRow = index / arguments.GroupSize * arguments.HeadSize;

            // From the first vector that holds a key that is seen, to the end of the token's line.
            int first = arguments.FirstKey / TSimd.Width * TSimd.Width;
            int length = DeviceMatrix.Padded(arguments.Position + 1) - first;
            int end = arguments.Position + 1 - first;
            float* scores = scratch.Take(length);
            Scores(q.From(row, 0), keys.From(keyRow, first), length, scores);
            if (slopes != null)
            {
                LowerByDistance(slopes[index], arguments.Position - first, length, scores);
            }

            new Span<float>(scores, arguments.FirstKey - first).Fill(float.NegativeInfinity);
            new Span<float>(scores + end, length - end).Fill(float.NegativeInfinity);
            float inverse = Softmax(length, slopes == null ? arguments.Scale : 1, scores);
            Attend(values.From(keyRow, first), length, scores, inverse, output.From(row, 0));
        }

        /// <summary>scores[key] = sum over features of query[feature] seen[feature, key].</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Scores(ActivationRows query, ActivationRows seen, int length, float* scores)
        {
            new Span<float>(scores, length).Clear();
            int feature = 0;
            for (; feature + StreamedRows <= arguments.HeadSize; feature += StreamedRows)
            {
                TVector q0 = TSimd.Broadcast(*query[feature]);
                TVector q1 = TSimd.Broadcast(*query[feature + 1]);
                TVector q2 = TSimd.Broadcast(*query[feature + 2]);
                TVector q3 = TSimd.Broadcast(*query[feature + 3]);
                float* row0 = seen[feature];
                float* row1 = seen[feature + 1];
                float* row2 = seen[feature + 2];
                float* row3 = seen[feature + 3];
                for (int t = 0; t < length; t += TSimd.Width)
                {
                    TVector sum = TSimd.MultiplyAdd(q0, TSimd.Load(row0 + t), TSimd.Load(scores + t));
                    sum = TSimd.MultiplyAdd(q1, TSimd.Load(row1 + t), sum);
                    sum = TSimd.MultiplyAdd(q2, TSimd.Load(row2 + t), sum);
                    TSimd.Store(scores + t, TSimd.MultiplyAdd(q3, TSimd.Load(row3 + t), sum));
                }
            }

            for (; feature < arguments.HeadSize; feature++)
            {
                TVector factor = TSimd.Broadcast(*query[feature]);
                float* row = seen[feature];
                for (int t = 0; t < length; t += TSimd.Width)
                {
                    TSimd.Store(scores + t, TSimd.MultiplyAdd(factor, TSimd.Load(row + t), TSimd.Load(scores + t)));
                }
            }
        }

        /// <summary>Scales the scores and takes the slope from them for each token between the key and the query.</summary>
        /// <param name="slope">The slope.</param>
        /// <param name="distance">How many tokens the first key lies behind the query.</param>
        /// <param name="length">The number of scores.</param>
        /// <param name="scores">The scores.</param>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void LowerByDistance(float slope, int distance, int length, float* scores)
        {
            float* lanes = stackalloc float[TSimd.Width];
            for (int lane = 0; lane < TSimd.Width; lane++)
            {
                lanes[lane] = distance - lane;
            }

            TVector step = TSimd.Broadcast(TSimd.Width);
            TVector scale = TSimd.Broadcast(arguments.Scale);
            TVector fall = TSimd.Broadcast(-slope);
            TVector distances = TSimd.Load(lanes);
            for (int t = 0; t < length; t += TSimd.Width)
            {
                TSimd.Store(scores + t, TSimd.MultiplyAdd(fall, distances, TSimd.Multiply(scale, TSimd.Load(scores + t))));
                distances = TSimd.Subtract(distances, step);
            }
        }

        /// <summary>Replaces the scores by exp(factor (score - maximum)); returns the inverse of their sum, which completes the softmax.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static float Softmax(int length, float factor, float* scores)
        {
            TVector maxima = TSimd.Load(scores);
            for (int t = TSimd.Width; t < length; t += TSimd.Width)
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
            SoftmaxShares<TSimd, TVector> shares = new(factor);
            TVector sum = TSimd.Broadcast(0);
            for (int t = 0; t < length; t += TSimd.Width)
            {
                TVector term = shares.Of(TSimd.Subtract(TSimd.Load(scores + t), maximum));
                TSimd.Store(scores + t, term);
                sum = TSimd.Add(sum, term);
            }

            return 1 / TSimd.Sum(sum);
        }

        /// <summary>attended[feature] = inverse x sum over keys of terms[key] seen[feature, key].</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Attend(ActivationRows seen, int length, float* terms, float inverse, ActivationRows attended)
        {
            float* sums = stackalloc float[StreamedRows];
            int feature = 0;
            for (; feature + StreamedRows <= arguments.HeadSize; feature += StreamedRows)
            {
                float* row0 = seen[feature];
                float* row1 = seen[feature + 1];
                float* row2 = seen[feature + 2];
                float* row3 = seen[feature + 3];
                TVector sum0 = TSimd.Broadcast(0);
                TVector sum1 = sum0;
                TVector sum2 = sum0;
                TVector sum3 = sum0;
                for (int t = 0; t < length; t += TSimd.Width)
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
                    *attended[feature + i] = inverse * sums[i];
                }
            }

            for (; feature < arguments.HeadSize; feature++)
            {
                float* row = seen[feature];
                TVector sum = TSimd.Broadcast(0);
                for (int t = 0; t < length; t += TSimd.Width)
                {
                    sum = TSimd.MultiplyAdd(TSimd.Load(terms + t), TSimd.Load(row + t), sum);
                }

                *attended[feature] = inverse * TSimd.Sum(sum);
            }
        }
    }
}
