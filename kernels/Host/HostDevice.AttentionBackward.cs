using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Causal self-attention, backward.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // Queries of a slice, whose gradients of keys and values are summed up before they are added to those of the slices before it: the sequence's
    // length alone says how sums are made.
    private const int SliceQueries = 512;

    private readonly Turns attentionTurns = new();

    /// <inheritdoc/>
    private protected override void AttentionBackwardCore(
        in AttentionArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix output,
        DeviceBuffer<float> logSumExp, in DeviceMatrix outputGradient, in DeviceMatrix dq, in DeviceMatrix dk, in DeviceMatrix dv,
        DeviceBuffer<float>? slopes)
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
        QuerySlices slices = new(
            arguments, AttentionHead<TSimd, TVector>.PanelQueries, Math.Max(1, (arguments.Sequence + SliceQueries - 1) / SliceQueries));
        attentionTurns.Begin(arguments.Batch * arguments.KeyValueHeads);
        pool.RunInOrder(
            arguments.Batch * arguments.Heads * slices.Count,
            new AttentionBackwardBody(arguments, slices, operands, Pointer(logSumExp), PointerOrNull(slopes), attentionTurns),
            AttentionTime(arguments, products: 5));
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
    /// One head of one sequence, and a slice of its queries. With P the probabilities and D the row sums of dO O: dV = dO P^T,
    /// dS = P (V^T dO - D) scale, dQ = K dS, dK = Q dS^T. P and dS live for one panel of queries; dK and dV are summed over the panels in
    /// order, transposed, so that P and dS serve as left operands where they lie. Slices, and heads that read the same key head, add theirs up in
    /// turn.
    /// </summary>
    private readonly struct AttentionBackwardBody(
        AttentionArguments arguments, QuerySlices slices, AttentionOperands operands, float* logSumExp, float* slopes, Turns turns)
        : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            try
            {
                SliceBackward(new AttentionHead<TSimd, TVector>(arguments, slopes, index / slices.Count), index % slices.Count, scratch);
            }
            catch
            {
                turns.Abandon();
                throw;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void SliceBackward(AttentionHead<TSimd, TVector> head, int slice, WorkerScratch scratch)
        {
            int firstQuery = slices.FirstOf(slice);
            int endQuery = slices.FirstOf(slice + 1);
            int size = arguments.HeadSize;
            int panel = AttentionHead<TSimd, TVector>.PanelQueries;
            int rows = GemmMicrokernel<TSimd, TVector>.Rows;
            AttentionBackwardTiles tiles =
                AttentionBackwardTiles.In(scratch, arguments, AttentionHead<TSimd, TVector>.MostScores(arguments), panel, rows);
            int row = head.FirstRow;
            int keyRow = head.FirstKeyRow;
            int token = head.FirstToken;
            PackedPanels.CopyRows(operands.K.At(keyRow, token), operands.K.Stride, endQuery, size, rows, tiles.KeyPanels);
            PackedPanels.CopyRows(operands.V.At(keyRow, token), operands.V.Stride, endQuery, size, rows, tiles.ValuePanels);
            PackedPanels.CopyColumns(operands.K.At(keyRow, token), operands.K.Stride, size, endQuery, rows, tiles.KeyFeaturePanels);
            for (int first = firstQuery; first < endQuery; first += panel)
            {
                int count = Math.Min(panel, endQuery - first);
                QueryPanelBackward(head, tiles, first, count, endQuery);
                PackedPanels.CopyColumns(operands.Q.At(row, token + first), operands.Q.Stride, size, count, panel, tiles.QueryFeaturePanels);
                PackedPanels.CopyColumns(
                    operands.OutputGradient.At(row, token + first), operands.OutputGradient.Stride, size, count, panel, tiles.GradientFeaturePanels);
                int seen = first == firstQuery ? 0 : first;
                AddTransposedProduct(
                    head, tiles.Probabilities, tiles.GradientFeaturePanels, first, count, seen, tiles.ValueGradient, tiles.SumStride);
                AddTransposedProduct(head, tiles.ScoreGradients, tiles.QueryFeaturePanels, first, count, seen, tiles.KeyGradient, tiles.SumStride);
            }

            // What earlier heads have written, all keys of the sequence; what earlier slices of this one have.
            int firstKey = head.FirstKey(firstQuery);
            int written = head.PlaceInGroup > 0 ? endQuery : firstQuery;
            turns.Await(head.KeyHead, (head.PlaceInGroup * slices.Count) + slice);
            AddKeys(head, firstKey, written, tiles.KeyGradient, tiles, operands.Dk);
            AddKeys(head, firstKey, written, tiles.ValueGradient, tiles, operands.Dv);
            WriteKeys(head, Math.Max(firstKey, written), endQuery, tiles.KeyGradient, tiles, operands.Dk);
            WriteKeys(head, Math.Max(firstKey, written), endQuery, tiles.ValueGradient, tiles, operands.Dv);
            turns.Pass(head.KeyHead);
        }

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

            // No panel needs the packed keys any more.
            float* addend = tiles.KeyPanels;
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

        /// <summary>One panel of queries: its probabilities (after dropout), the gradients of its scores, and its part of dQ.</summary>
        private void QueryPanelBackward(AttentionHead<TSimd, TVector> head, in AttentionBackwardTiles tiles, int first, int count, int endQuery)
        {
            float* probabilities = tiles.Probabilities;
            float* scoreGradients = tiles.ScoreGradients;
            int size = arguments.HeadSize;
            int panel = AttentionHead<TSimd, TVector>.PanelQueries;
            int firstKey = head.FirstKey(first);
            int keys = head.EndKey(first) - firstKey;
            int token = head.FirstToken + first;
            PackedPanels.CopyRows(operands.Q.At(head.FirstRow, token), operands.Q.Stride, count, size, panel, tiles.QueryPanel);
            PackedPanels.CopyRows(
                operands.OutputGradient.At(head.FirstRow, token), operands.OutputGradient.Stride, count, size, panel, tiles.GradientPanel);
            PackedPanels.CopyRows(operands.Output.At(head.FirstRow, token), operands.Output.Stride, count, size, panel, tiles.OutputPanel);

            head.Scores(tiles.KeyPanels, tiles.QueryPanel, first, probabilities);
            head.Product(tiles.ValuePanels, tiles.GradientPanel, first, scoreGradients);
            if (arguments.DropoutRate > 0)
            {
                head.Dropout(first, scoreGradients);
            }

            float* sums = stackalloc float[panel];
            new Span<float>(sums, panel).Clear();
            new Span<float>(logSumExp + head.FirstLogSumExp + first, count).CopyTo(new Span<float>(sums, count));
            SoftmaxBackward(probabilities, scoreGradients, keys, head.Scale, tiles, sums);
            if (arguments.DropoutRate > 0)
            {
                head.Dropout(first, probabilities);
            }

            // No query of this panel sees the keys that fill up the last tile.
            int filling = (AttentionHead<TSimd, TVector>.WholeRows(keys) - keys) * panel;
            new Span<float>(probabilities + (keys * panel), filling).Clear();
            new Span<float>(scoreGradients + (keys * panel), filling).Clear();
            GemmMicrokernel<TSimd, TVector>.RunPanel(
                keys, tiles.KeyFeaturePanels + (firstKey * GemmMicrokernel<TSimd, TVector>.Rows),
                (nint)endQuery * GemmMicrokernel<TSimd, TVector>.Rows, scoreGradients,
                operands.Dq.At(head.FirstRow, token), operands.Dq.Stride, size, count, accumulate: false);
        }

        /// <summary>
        /// Turns scores into probabilities P, where a factor scales them first, and the gradients of the probabilities G into those of the scores,
        /// P (G - D) scale.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void SoftmaxBackward(
            float* probabilities, float* gradients, int keys, float factor, in AttentionBackwardTiles tiles, float* sums)
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
            TVector scoreScale = TSimd.Broadcast(factor);
            SoftmaxShares<TSimd, TVector> shares = new(1);
            TVector sum0 = TSimd.Subtract(TSimd.Broadcast(0), TSimd.Load(sums));
            TVector sum1 = TSimd.Subtract(TSimd.Broadcast(0), TSimd.Load(sums + TSimd.Width));
            for (int i = 0; i < keys * panel; i += panel)
            {
                int j = i + TSimd.Width;
                TVector p0 = shares.Of(TSimd.MultiplyAdd(scoreScale, TSimd.Load(probabilities + i), sum0));
                TVector p1 = shares.Of(TSimd.MultiplyAdd(scoreScale, TSimd.Load(probabilities + j), sum1));
                TSimd.Store(probabilities + i, p0);
                TSimd.Store(probabilities + j, p1);
                TSimd.Store(gradients + i, TSimd.Multiply(TSimd.Multiply(p0, scale), TSimd.Subtract(TSimd.Load(gradients + i), d0)));
                TSimd.Store(gradients + j, TSimd.Multiply(TSimd.Multiply(p1, scale), TSimd.Subtract(TSimd.Load(gradients + j), d1)));
            }
        }

        /// <summary>
        /// sum[key, feature] += sum over the panel's queries of left[key, query] right[query, feature]; keys from <paramref name="seen"/> on, which
        /// no panel before has seen, start from zero.
        /// </summary>
        private void AddTransposedProduct(
            AttentionHead<TSimd, TVector> head, float* left, float* right, int first, int count, int seen, float* sum, int sumStride)
        {
            int panel = AttentionHead<TSimd, TVector>.PanelQueries;
            int rows = GemmMicrokernel<TSimd, TVector>.Rows;
            int firstKey = head.FirstKey(first);
            int endKey = head.EndKey(first);
            for (int key = firstKey; key < endKey; key += rows)
            {
                // Queries before the tile's first key, or too far behind its last one, do not see it.
                int firstQuery = Math.Max(0, key - first);
                int endQuery = Math.Min(count, head.EndQuery(key + rows - 1) - first);
                float* visible = left + ((key - firstKey) * panel) + firstQuery;
                for (int f = 0; f < arguments.HeadSize; f += panel)
                {
                    GemmMicrokernel<TSimd, TVector>.Run<GemmMicrokernel<TSimd, TVector>.ResultOrder>(
                        endQuery - firstQuery, visible, right + (f * count) + (firstQuery * panel), sum + (key * sumStride) + f, sumStride,
                        accumulate: key < seen);
                }
            }
        }
    }
}
