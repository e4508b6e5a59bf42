using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Causal self-attention, backward.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    public override void AttentionBackward(
        in AttentionArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix output, DeviceBuffer<float> logSumExp,
        in DeviceMatrix outputGradient, in DeviceMatrix dq, in DeviceMatrix dk, in DeviceMatrix dv)
    {
        (int features, int tokens) = AttentionShape(arguments);
        AttentionOperands operands = new(
            new Operand(Activations(q, features, tokens, nameof(q)), q.Stride),
            new Operand(Activations(k, features, tokens, nameof(k)), k.Stride),
            new Operand(Activations(v, features, tokens, nameof(v)), v.Stride),
            new Operand(Activations(output, features, tokens, nameof(output)), output.Stride),
            new Operand(Activations(outputGradient, features, tokens, nameof(outputGradient)), outputGradient.Stride),
            new Operand(Activations(dq, features, tokens, nameof(dq)), dq.Stride),
            new Operand(Activations(dk, features, tokens, nameof(dk)), dk.Stride),
            new Operand(Activations(dv, features, tokens, nameof(dv)), dv.Stride));
        float* sums = Pointer(logSumExp, arguments.Heads * tokens, nameof(logSumExp));
        pool.Run(arguments.Batch * arguments.Heads, new AttentionBackwardBody(arguments, operands, sums));
    }

    /// <summary>A matrix of activations as kernels see it.</summary>
    private readonly struct Operand(float* data, int stride)
    {
        public readonly int Stride = stride;

        /// <summary>The address of an element.</summary>
        public float* At(int row, int column) => data + ((nint)row * Stride) + column;
    }

    private readonly record struct AttentionOperands(
        Operand Q, Operand K, Operand V, Operand Output, Operand OutputGradient, Operand Dq, Operand Dk, Operand Dv);

    /// <summary>
    /// One head of one sequence. With P the probabilities and D the row sums of dO O: dV = dO P^T, dS = P (V^T dO - D) scale,
    /// dQ = K dS, dK = Q dS^T. Blocks of queries keep P and dS in the L2 cache; dK and dV are summed over the blocks in order.
    /// </summary>
    private readonly struct AttentionBackwardBody(AttentionArguments arguments, AttentionOperands operands, float* logSumExp) : IParallelBody
    {
        /// <summary>Queries in a block: a whole number of panels at every width.</summary>
        private const int BlockQueries = 64;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            AttentionHead<TSimd, TVector> head = new(arguments, index);
            int sequence = arguments.Sequence;
            int size = arguments.HeadSize;
            int panel = AttentionHead<TSimd, TVector>.PanelQueries;
            int rows = GemmMicrokernel<TSimd, TVector>.Rows;
            AttentionBackwardTiles tiles = AttentionBackwardTiles.In(scratch, arguments, panel, rows, BlockQueries);
            int row = head.FirstRow;
            int token = head.FirstToken;
            PackedPanels.CopyRows(operands.K.At(row, token), operands.K.Stride, sequence, size, rows, tiles.KeyPanels);
            PackedPanels.CopyRows(operands.V.At(row, token), operands.V.Stride, sequence, size, rows, tiles.ValuePanels);
            PackedPanels.CopyColumns(operands.K.At(row, token), operands.K.Stride, size, sequence, rows, tiles.KeyFeaturePanels);
            new Span<float>(tiles.KeyGradient, tiles.WholeSize * tiles.SumStride).Clear();
            new Span<float>(tiles.ValueGradient, tiles.WholeSize * tiles.SumStride).Clear();

            for (int block = 0; block < sequence; block += BlockQueries)
            {
                int count = Math.Min(BlockQueries, sequence - block);
                for (int first = block; first < block + count; first += panel)
                {
                    nint at = (nint)(first - block) * tiles.WholeKeys;
                    QueryPanelBackward(head, tiles, first, tiles.Probabilities + at, tiles.ScoreGradients + at);
                }

                PackedPanels.CopyColumns(operands.Q.At(row, token + block), operands.Q.Stride, size, count, rows, tiles.QueryFeaturePanels);
                PackedPanels.CopyColumns(operands.OutputGradient.At(row, token + block), operands.OutputGradient.Stride, size, count, rows, tiles.GradientFeaturePanels);
                AddTransposedProduct(tiles.GradientFeaturePanels, tiles.Probabilities, block, count, tiles, tiles.ValueGradient);
                AddTransposedProduct(tiles.QueryFeaturePanels, tiles.ScoreGradients, block, count, tiles, tiles.KeyGradient);
            }

            for (int f = 0; f < size; f++)
            {
                new Span<float>(tiles.KeyGradient + (f * tiles.SumStride), sequence).CopyTo(new Span<float>(operands.Dk.At(row + f, token), sequence));
                new Span<float>(tiles.ValueGradient + (f * tiles.SumStride), sequence).CopyTo(new Span<float>(operands.Dv.At(row + f, token), sequence));
            }
        }

        /// <summary>One panel of queries: its probabilities (after dropout), the gradients of its scores, and its part of dQ.</summary>
        private void QueryPanelBackward(AttentionHead<TSimd, TVector> head, in AttentionBackwardTiles tiles, int first, float* probabilities, float* scoreGradients)
        {
            int size = arguments.HeadSize;
            int panel = AttentionHead<TSimd, TVector>.PanelQueries;
            int keys = head.Keys(first);
            int count = Math.Min(panel, arguments.Sequence - first);
            int token = head.FirstToken + first;
            PackedPanels.CopyRows(operands.Q.At(head.FirstRow, token), operands.Q.Stride, count, size, panel, tiles.QueryPanel);
            PackedPanels.CopyRows(operands.OutputGradient.At(head.FirstRow, token), operands.OutputGradient.Stride, count, size, panel, tiles.GradientPanel);
            PackedPanels.CopyRows(operands.Output.At(head.FirstRow, token), operands.Output.Stride, count, size, panel, tiles.OutputPanel);

            head.Scores(tiles.KeyPanels, tiles.QueryPanel, first, probabilities);
            head.Product(tiles.ValuePanels, tiles.GradientPanel, keys, scoreGradients);
            if (arguments.DropoutRate > 0)
            {
                head.Dropout(first, scoreGradients);
            }

            float* sums = stackalloc float[panel];
            new Span<float>(sums, panel).Clear();
            new Span<float>(logSumExp + head.FirstLogSumExp + first, count).CopyTo(new Span<float>(sums, count));
            SoftmaxBackward(probabilities, scoreGradients, keys, tiles, sums);
            if (arguments.DropoutRate > 0)
            {
                head.Dropout(first, probabilities);
            }

            GemmMicrokernel<TSimd, TVector>.RunPanel(
                keys, tiles.KeyFeaturePanels, (nint)arguments.Sequence * GemmMicrokernel<TSimd, TVector>.Rows, scoreGradients,
                operands.Dq.At(head.FirstRow, token), operands.Dq.Stride, size, count, accumulate: false);
        }

        /// <summary>Turns scores into probabilities P and the gradients of the probabilities G into those of the scores, P (G - D) scale.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void SoftmaxBackward(float* probabilities, float* gradients, int keys, in AttentionBackwardTiles tiles, float* sums)
        {
            int panel = AttentionHead<TSimd, TVector>.PanelQueries;
            TVector d0 = TSimd.Broadcast(0);
            TVector d1 = TSimd.Broadcast(0);
            for (int i = 0; i < arguments.HeadSize * panel; i += panel)
            {
                d0 = TSimd.MultiplyAdd(TSimd.Load(tiles.GradientPanel + i), TSimd.Load(tiles.OutputPanel + i), d0);
                d1 = TSimd.MultiplyAdd(TSimd.Load(tiles.GradientPanel + i + TSimd.Width), TSimd.Load(tiles.OutputPanel + i + TSimd.Width), d1);
            }

            TVector scale = TSimd.Broadcast(arguments.Scale);
            TVector sum0 = TSimd.Load(sums);
            TVector sum1 = TSimd.Load(sums + TSimd.Width);
            for (int i = 0; i < keys * panel; i += panel)
            {
                int j = i + TSimd.Width;
                TVector p0 = VectorMath<TSimd, TVector>.Exp(TSimd.Subtract(TSimd.Multiply(scale, TSimd.Load(probabilities + i)), sum0));
                TVector p1 = VectorMath<TSimd, TVector>.Exp(TSimd.Subtract(TSimd.Multiply(scale, TSimd.Load(probabilities + j)), sum1));
                TSimd.Store(probabilities + i, p0);
                TSimd.Store(probabilities + j, p1);
                TSimd.Store(gradients + i, TSimd.Multiply(TSimd.Multiply(p0, scale), TSimd.Subtract(TSimd.Load(gradients + i), d0)));
                TSimd.Store(gradients + j, TSimd.Multiply(TSimd.Multiply(p1, scale), TSimd.Subtract(TSimd.Load(gradients + j), d1)));
            }
        }

        /// <summary>sum[feature, key] += sum over the block's queries of left[feature, query] panels[key, query].</summary>
        private void AddTransposedProduct(float* left, float* panels, int block, int count, in AttentionBackwardTiles tiles, float* sum)
        {
            int panel = AttentionHead<TSimd, TVector>.PanelQueries;
            int rows = GemmMicrokernel<TSimd, TVector>.Rows;
            for (int key = 0; key < block + count; key += panel)
            {
                // Queries before the first key of this panel do not see it, and their panels hold no scores for it.
                int firstQuery = Math.Max(0, (key - block) / panel * panel);
                for (int query = firstQuery; query < count; query += panel)
                {
                    int seen = Math.Min(panel, Math.Min(arguments.Sequence, block + query + panel) - key);
                    PackedPanels.CopyColumns(panels + ((nint)query * tiles.WholeKeys) + (key * panel), panel, seen, panel, panel, tiles.TransposedPanel + ((query - firstQuery) * panel));
                }

                GemmMicrokernel<TSimd, TVector>.RunPanel(
                    count - firstQuery, left + (firstQuery * rows), (nint)count * rows, tiles.TransposedPanel, sum + key, tiles.SumStride, tiles.WholeSize, panel, accumulate: true);
            }
        }
    }
}
