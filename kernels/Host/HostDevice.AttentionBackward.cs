using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Causal self-attention, backward.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    private protected override void AttentionBackwardCore(
        in AttentionArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix output,
        DeviceBuffer<float> logSumExp, in DeviceMatrix outputGradient, in DeviceMatrix dq, in DeviceMatrix dk, in DeviceMatrix dv)
    {
        AttentionOperands operands = new(
            new Operand(Pointer(q), q.Stride),
            new Operand(Pointer(k), k.Stride),
            new Operand(Pointer(v), v.Stride),
            new Operand(Pointer(output), output.Stride),
            new Operand(Pointer(outputGradient), outputGradient.Stride),
            new Operand(Pointer(dq), dq.Stride),
            new Operand(Pointer(dk), dk.Stride),
            new Operand(Pointer(dv), dv.Stride));
        pool.Run(arguments.Batch * arguments.Heads, new AttentionBackwardBody(arguments, operands, Pointer(logSumExp)));
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
    /// dQ = K dS, dK = Q dS^T. P and dS live for one panel of queries; dK and dV are summed over the panels in order, transposed, so that
    /// P and dS serve as left operands where they lie.
    /// </summary>
    private readonly struct AttentionBackwardBody(AttentionArguments arguments, AttentionOperands operands, float* logSumExp) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            AttentionHead<TSimd, TVector> head = new(arguments, index);
            int sequence = arguments.Sequence;
            int size = arguments.HeadSize;
            int panel = AttentionHead<TSimd, TVector>.PanelQueries;
            int rows = GemmMicrokernel<TSimd, TVector>.Rows;
            AttentionBackwardTiles tiles = AttentionBackwardTiles.In(scratch, arguments, panel, rows);
            int row = head.FirstRow;
            int token = head.FirstToken;
            PackedPanels.CopyRows(operands.K.At(row, token), operands.K.Stride, sequence, size, rows, tiles.KeyPanels);
            PackedPanels.CopyRows(operands.V.At(row, token), operands.V.Stride, sequence, size, rows, tiles.ValuePanels);
            PackedPanels.CopyColumns(operands.K.At(row, token), operands.K.Stride, size, sequence, rows, tiles.KeyFeaturePanels);
            for (int first = 0; first < sequence; first += panel)
            {
                int count = Math.Min(panel, sequence - first);
                QueryPanelBackward(head, tiles, first, count);
                PackedPanels.CopyColumns(operands.Q.At(row, token + first), operands.Q.Stride, size, count, panel, tiles.QueryFeaturePanels);
                PackedPanels.CopyColumns(
                    operands.OutputGradient.At(row, token + first), operands.OutputGradient.Stride, size, count, panel, tiles.GradientFeaturePanels);
                AddTransposedProduct(head, tiles.Probabilities, tiles.GradientFeaturePanels, first, count, tiles.ValueGradient, tiles.SumStride);
                AddTransposedProduct(head, tiles.ScoreGradients, tiles.QueryFeaturePanels, first, count, tiles.KeyGradient, tiles.SumStride);
            }

            PackedPanels.Transpose(tiles.KeyGradient, tiles.SumStride, sequence, size, operands.Dk.At(row, token), operands.Dk.Stride);
            PackedPanels.Transpose(tiles.ValueGradient, tiles.SumStride, sequence, size, operands.Dv.At(row, token), operands.Dv.Stride);
        }

        /// <summary>One panel of queries: its probabilities (after dropout), the gradients of its scores, and its part of dQ.</summary>
        private void QueryPanelBackward(AttentionHead<TSimd, TVector> head, in AttentionBackwardTiles tiles, int first, int count)
        {
            float* probabilities = tiles.Probabilities;
            float* scoreGradients = tiles.ScoreGradients;
            int size = arguments.HeadSize;
            int panel = AttentionHead<TSimd, TVector>.PanelQueries;
            int keys = head.Keys(first);
            int token = head.FirstToken + first;
            PackedPanels.CopyRows(operands.Q.At(head.FirstRow, token), operands.Q.Stride, count, size, panel, tiles.QueryPanel);
            PackedPanels.CopyRows(
                operands.OutputGradient.At(head.FirstRow, token), operands.OutputGradient.Stride, count, size, panel, tiles.GradientPanel);
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

            // No query of this panel sees the keys that fill up the last tile.
            int filling = (AttentionHead<TSimd, TVector>.WholeRows(keys) - keys) * panel;
            new Span<float>(probabilities + (keys * panel), filling).Clear();
            new Span<float>(scoreGradients + (keys * panel), filling).Clear();
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

        /// <summary>
        /// sum[key, feature] += sum over the panel's queries of left[key, query] right[query, feature]; keys that no panel before has seen start from
        /// zero.
        /// </summary>
        private void AddTransposedProduct(
            AttentionHead<TSimd, TVector> head, float* left, float* right, int first, int count, float* sum, int sumStride)
        {
            int panel = AttentionHead<TSimd, TVector>.PanelQueries;
            int keys = head.Keys(first);
            for (int key = 0; key < keys; key += GemmMicrokernel<TSimd, TVector>.Rows)
            {
                // Queries before the tile's first key do not see it.
                int firstQuery = Math.Max(0, key - first);
                float* seen = left + (key * panel) + firstQuery;
                for (int f = 0; f < arguments.HeadSize; f += panel)
                {
                    GemmMicrokernel<TSimd, TVector>.Run<GemmMicrokernel<TSimd, TVector>.ResultOrder>(
                        count - firstQuery, seen, right + (f * count) + (firstQuery * panel), sum + (key * sumStride) + f, sumStride,
                        accumulate: key < first);
                }
            }
        }
    }
}
