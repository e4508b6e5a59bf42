using System.Runtime.CompilerServices;

namespace SparseEngine.Kernels.Host;

/// <content>The output head: logits, their exponentials, and the loss.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <summary>Packs x once for all parts: a panel of tokens, or of features, a call.</summary>
    private readonly struct HeadPackBody(HeadBlock block) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            HeadSizes sizes = block.Sizes;
            int panel = GemmMicrokernel<TSimd, TVector>.Columns;
            if (index < sizes.TokenPanels)
            {
                int token = index * panel;
                PackedPanels.CopyRows(
                    block.X + token, block.XStride, Math.Min(panel, sizes.Tokens - token), sizes.Features, panel,
                    block.TokenPanels + ((nint)token * sizes.Features));
                return;
            }

            int feature = (index - sizes.TokenPanels) * panel;
            float* packed = block.FeaturePanels + ((nint)feature * sizes.Padded);
            PackedPanels.CopyColumns(
                block.X + (feature * block.XStride), block.XStride, Math.Min(panel, sizes.Features - feature), sizes.Tokens, panel, packed);
            new Span<float>(packed + ((nint)sizes.Tokens * panel), (sizes.Padded - sizes.Tokens) * panel).Clear();
        }
    }

    /// <summary>The logits of a part of the vocabulary and a group of tokens: panel by panel, each with its exponentials while it is in L1.</summary>
    private readonly struct HeadLogitsBody(HeadBlock block) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            HeadSizes sizes = block.Sizes;
            int columns = GemmMicrokernel<TSimd, TVector>.Columns;
            int tile = GemmMicrokernel<TSimd, TVector>.Rows;
            int part = index % sizes.Parts;
            int first = part * sizes.Rows;
            int rows = Math.Min(sizes.Rows, sizes.Vocabulary - first);
            float* packed = scratch.Take(sizes.Rows * (sizes.Features + columns));
            float* lone = packed + ((nint)sizes.Rows * sizes.Features);
            for (int k = 0; k < sizes.Features; k += GemmDepth)
            {
                PackedPanels.CopyColumns(
                    block.Weight + (first * block.WeightStride) + k, block.WeightStride, rows, Math.Min(GemmDepth, sizes.Features - k), tile,
                    packed + ((nint)k * sizes.Rows));
            }

            int panel = index / sizes.Parts * (HeadTokens / columns);
            int end = Math.Min(sizes.TokenPanels, panel + (HeadTokens / columns));
            for (; panel < end; panel++)
            {
                float* logits = block.Logits is null ? lone : block.LogitsOf(panel, first);
                for (int k = 0; k < sizes.Features; k += GemmDepth)
                {
                    int depth = Math.Min(GemmDepth, sizes.Features - k);
                    GemmMicrokernel<TSimd, TVector>.RunPanel(
                        depth, packed + ((nint)k * sizes.Rows), (nint)depth * tile,
                        block.TokenPanels + ((((nint)panel * sizes.Features) + k) * columns), logits, columns, rows, columns, k > 0);
                }

                if (block.Bias is not null)
                {
                    AddBias(logits, first, rows);
                }

                TakeLabels(logits, panel * columns, first, rows);
                int at = (part * sizes.Padded) + (panel * columns);
                for (int half = 0; half < columns; half += TSimd.Width)
                {
                    Exponentials(logits + half, first, rows, at + half);
                }
            }
        }

        private void AddBias(float* logits, int first, int rows)
        {
            for (int row = 0; row < rows; row++)
            {
                TVector bias = TSimd.Broadcast(block.Bias[first + row]);
                TSimd.Store(logits, TSimd.Add(TSimd.Load(logits), bias));
                TSimd.Store(logits + TSimd.Width, TSimd.Add(TSimd.Load(logits + TSimd.Width), bias));
                logits += GemmMicrokernel<TSimd, TVector>.Columns;
            }
        }

        private void TakeLabels(float* logits, int firstToken, int first, int rows)
        {
            int columns = GemmMicrokernel<TSimd, TVector>.Columns;
            int count = Math.Min(columns, block.Sizes.Tokens - firstToken);
            for (int t = 0; t < count; t++)
            {
                if (block.IsLabelIn(firstToken + t, first, rows))
                {
                    block.LabelLogits[firstToken + t] = logits[((block.Labels[firstToken + t] - first) * columns) + t];
                }
            }
        }

        /// <summary>Puts e^(logit - largest) in place of a vector of tokens' logits.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Exponentials(float* logits, int first, int rows, int at)
        {
            TVector maximum = TSimd.Broadcast(float.NegativeInfinity);
            TVector winner = TSimd.Broadcast(0);

            // Indices are exact in float32: a vocabulary has fewer than 2^24 entries.
            for (int row = 0; row < rows; row++)
            {
                TVector logit = TSimd.Load(logits + (row * GemmMicrokernel<TSimd, TVector>.Columns));
                TVector larger = TSimd.GreaterThan(logit, maximum);
                maximum = TSimd.Select(larger, logit, maximum);
                winner = TSimd.Select(larger, TSimd.Broadcast(first + row), winner);
            }

            TSimd.Store(block.Maxima + at, maximum);
            TSimd.Store(block.Winners + at, winner);

            // A bias may take every entry of a part away, which then has no part in the sum.
            TVector isAny = TSimd.GreaterThan(maximum, TSimd.Broadcast(float.NegativeInfinity));
            maximum = TSimd.Select(isAny, maximum, TSimd.Broadcast(0));
            TVector sum = TSimd.Broadcast(0);
            for (int row = 0; row < rows; row++)
            {
                float* logit = logits + (row * GemmMicrokernel<TSimd, TVector>.Columns);
                TVector term = VectorMath<TSimd, TVector>.Exp(TSimd.Subtract(TSimd.Load(logit), maximum));
                TSimd.Store(logit, term);
                sum = TSimd.Add(sum, term);
            }

            TSimd.Store(block.Sums + at, sum);
        }
    }

    /// <summary>A line of tokens: the softmax's largest and sum of all parts, in their order, and the loss.</summary>
    private readonly struct HeadTotalsBody(HeadBlock block) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            int first = index * LineFloats;
            int count = Math.Min(LineFloats, block.Sizes.Tokens - first);
            float* maxima = stackalloc float[LineFloats];
            float* winners = stackalloc float[LineFloats];
            double* sums = stackalloc double[LineFloats];
            new Span<double>(sums, LineFloats).Clear();
            for (int t = 0; t < LineFloats; t += TSimd.Width)
            {
                FindLargest(first + t, maxima + t, winners + t);
            }

            for (int part = 0; part < block.Sizes.Parts; part++)
            {
                float* factors = block.Maxima + (part * block.Sizes.Padded) + first;
                float* ofPart = block.Sums + (part * block.Sizes.Padded) + first;
                for (int t = 0; t < LineFloats; t += TSimd.Width)
                {
                    TVector behind = TSimd.Subtract(TSimd.Load(factors + t), TSimd.Load(maxima + t));
                    TSimd.Store(factors + t, VectorMath<TSimd, TVector>.Exp(behind));
                }

                for (int t = 0; t < LineFloats; t++)
                {
                    sums[t] += (double)factors[t] * ofPart[t];
                }
            }

            for (int t = 0; t < count; t++)
            {
                int token = first + t;
                float weight = block.Weights[token];
                block.Losses[token] = weight == 0 ? 0 : weight * (maxima[t] + MathF.Log((float)sums[t]) - block.LabelLogits[token]);
                block.Hits[token] = weight != 0 && winners[t] == block.Labels[token] ? weight : 0;
            }

            if (block.Logits is not null)
            {
                FinishFactors(first, count, sums);
            }
        }

        private void FindLargest(int token, float* maxima, float* winners)
        {
            TVector maximum = TSimd.Broadcast(float.NegativeInfinity);
            TVector winner = TSimd.Broadcast(0);
            for (int part = 0; part < block.Sizes.Parts; part++)
            {
                int at = (part * block.Sizes.Padded) + token;
                TVector candidate = TSimd.Load(block.Maxima + at);
                TVector larger = TSimd.GreaterThan(candidate, maximum);
                maximum = TSimd.Select(larger, candidate, maximum);
                winner = TSimd.Select(larger, TSimd.Load(block.Winners + at), winner);
            }

            TSimd.Store(maxima, maximum);
            TSimd.Store(winners, winner);
        }

        /// <summary>What each part's exponentials are multiplied by to be the gradient: 0 for tokens that do not count.</summary>
        private void FinishFactors(int first, int count, double* sums)
        {
            float* shares = stackalloc float[LineFloats];
            new Span<float>(shares, LineFloats).Clear();
            for (int t = 0; t < count; t++)
            {
                shares[t] = block.Weights[first + t] == 0 ? 0 : block.Scale * block.Weights[first + t] / (float)sums[t];
            }

            for (int part = 0; part < block.Sizes.Parts; part++)
            {
                float* factors = block.Maxima + (part * block.Sizes.Padded) + first;
                for (int t = 0; t < LineFloats; t += TSimd.Width)
                {
                    TSimd.Store(factors + t, TSimd.Multiply(TSimd.Load(factors + t), TSimd.Load(shares + t)));
                }
            }
        }
    }
}
