using System.Runtime.CompilerServices;

namespace SparseEngine.Kernels.Host;

/// <content>The output head: the gradients of its weight, bias and input.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <summary>
    /// A part of the vocabulary: turns its exponentials into the logits' gradient, and adds that times x to the weight's. Tokens count in their
    /// order, so that no sum depends on the parts.
    /// </summary>
    private readonly struct HeadWeightGradientBody(HeadBlock block, float* gradient, nint stride, float* bias) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            HeadSizes sizes = block.Sizes;
            int columns = GemmMicrokernel<TSimd, TVector>.Columns;
            int tile = GemmMicrokernel<TSimd, TVector>.Rows;
            int first = index * sizes.Rows;
            int rows = Math.Min(sizes.Rows, sizes.Vocabulary - first);
            float* packed = scratch.Take(sizes.Rows * GemmDepth);
            int tokens = sizes.TokenPanels * columns;
            for (int token = 0; token < tokens; token += GemmDepth)
            {
                int depth = Math.Min(GemmDepth, tokens - token);
                for (int t = 0; t < depth; t += columns)
                {
                    float* logits = block.LogitsOf((token + t) / columns, first);
                    Finish(logits, index, first, rows, token + t);
                    for (int row = 0; row < rows; row += tile)
                    {
                        PackedPanels.Transpose(
                            logits + (row * columns), columns, Math.Min(tile, rows - row), columns, packed + (row * depth) + (t * tile), tile);
                    }
                }

                for (int feature = 0; feature < sizes.Features; feature += columns)
                {
                    GemmMicrokernel<TSimd, TVector>.RunPanel(
                        depth, packed, (nint)depth * tile, block.FeaturePanels + ((nint)feature * sizes.Padded) + ((nint)token * columns),
                        gradient + (first * stride) + feature, stride, rows, Math.Min(columns, sizes.Features - feature), accumulate: true);
                }
            }
        }

        /// <summary>The gradient of a panel's logits, in their place.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Finish(float* logits, int part, int first, int rows, int firstToken)
        {
            int columns = GemmMicrokernel<TSimd, TVector>.Columns;
            int count = Math.Min(columns, block.Sizes.Tokens - firstToken);
            float* counted = stackalloc float[columns];
            for (int t = 0; t < columns; t++)
            {
                counted[t] = t < count && block.Weights[firstToken + t] != 0 ? 1 : 0;
            }

            float* factors = block.Maxima + (part * block.Sizes.Padded) + firstToken;
            TVector zero = TSimd.Broadcast(0);
            for (int half = 0; half < columns; half += TSimd.Width)
            {
                TVector factor = TSimd.Load(factors + half);
                TVector counts = TSimd.GreaterThan(TSimd.Load(counted + half), zero);
                for (int row = 0; row < rows; row++)
                {
                    // Selected rather than multiplied: what does not count may be NaN.
                    float* term = logits + (row * columns) + half;
                    TSimd.Store(term, TSimd.Select(counts, TSimd.Multiply(TSimd.Load(term), factor), zero));
                }
            }

            for (int t = 0; t < count; t++)
            {
                if (block.IsLabelIn(firstToken + t, first, rows))
                {
                    logits[((block.Labels[firstToken + t] - first) * columns) + t] -= block.Scale * block.Weights[firstToken + t];
                }
            }

            if (bias is not null)
            {
                for (int row = 0; row < rows; row++)
                {
                    float* term = logits + (row * columns);
                    bias[first + row] += TSimd.Sum(TSimd.Add(TSimd.Load(term), TSimd.Load(term + TSimd.Width)));
                }
            }
        }
    }

    /// <summary>A block of the input's gradient, over the whole vocabulary: the weight's columns times the logits' gradient.</summary>
    private readonly struct HeadInputGradientBody(HeadBlock block, float* gradient, nint stride, GemmBlocks blocks) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            HeadSizes sizes = block.Sizes;
            int columns = GemmMicrokernel<TSimd, TVector>.Columns;
            int tile = GemmMicrokernel<TSimd, TVector>.Rows;
            int rowBlocks = (sizes.Features + blocks.Rows - 1) / blocks.Rows;
            int firstRow = index % rowBlocks * blocks.Rows;
            int firstToken = index / rowBlocks * blocks.Columns;
            int endRow = Math.Min(sizes.Features, firstRow + blocks.Rows);
            int endToken = Math.Min(sizes.Tokens, firstToken + blocks.Columns);
            float* packed = scratch.Take(GemmRows * GemmDepth);
            for (int entry = 0; entry < sizes.Vocabulary; entry += GemmDepth)
            {
                int depth = Math.Min(GemmDepth, sizes.Vocabulary - entry);
                for (int row = firstRow; row < endRow; row += GemmRows)
                {
                    int rows = Math.Min(GemmRows, endRow - row);
                    PackedPanels.CopyRows(
                        block.Weight + (entry * block.WeightStride) + row, block.WeightStride, rows, depth, tile, packed);
                    for (int token = firstToken; token < endToken; token += columns)
                    {
                        GemmMicrokernel<TSimd, TVector>.RunPanel(
                            depth, packed, (nint)depth * tile, block.LogitsOf(token / columns, entry), gradient + (row * stride) + token, stride,
                            rows, Math.Min(columns, endToken - token), entry > 0);
                    }
                }
            }
        }
    }
}
