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

    private readonly record struct AttentionOperands(
        Operand Q, Operand K, Operand V, Operand Output, Operand OutputGradient, Operand Dq, Operand Dk, Operand Dv);

    /// <summary>
    /// One head of one sequence, and a slice of its queries. With P the probabilities and D the row sums of dO O: dV = dO P^T,
    /// dS = P (V^T dO - D) scale, dQ = K dS, dK = Q dS^T. P and dS live for one panel of queries; dK and dV are summed over the panels in
    /// order, transposed, so that P and dS serve as left operands where they lie. Slices, and heads that read the same key head, add theirs up in
    /// turn.
    /// </summary>
    private readonly partial struct AttentionBackwardBody(
        AttentionArguments arguments, QuerySlices slices, AttentionOperands operands, float* logSumExp, float* slopes, Turns turns)
        : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            try
            {
                SliceBackward(index, scratch);
            }
            catch
            {
                turns.Abandon();
                throw;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void SliceBackward(int index, WorkerScratch scratch)
        {
            AttentionHead<TSimd, TVector> head = new(arguments, slopes, index / slices.Count);
            int slice = index % slices.Count;
            int firstQuery = slices.FirstOf(slice);
            int endQuery = slices.FirstOf(slice + 1);
            int size = arguments.HeadSize;
            int panel = AttentionHead<TSimd, TVector>.PanelQueries;
            int rows = GemmMicrokernel<TSimd, TVector>.Rows;
            AttentionBackwardTiles tiles = AttentionBackwardTiles.In(
                scratch, arguments, head.PacksKeys, AttentionHead<TSimd, TVector>.MostScores(arguments), panel, rows);
            int row = head.FirstRow;
            int token = head.FirstToken;
            FeatureRows keys = Keys(head, operands.K, size, endQuery, tiles.Keys);
            FeatureRows values = Keys(head, operands.V, size, endQuery, tiles.Values);
            FeatureRows features = KeyFeatures(head, operands.K, size, endQuery, tiles.Features);
            FeatureRows* ahead = stackalloc FeatureRows[6 + (2 * ((endQuery - firstQuery + panel - 1) / panel))];
            for (int first = firstQuery; first < endQuery; first += panel)
            {
                int count = Math.Min(panel, endQuery - first);
                QueryPanelBackward(head, tiles, keys, values, features, first, count, Ahead(head, index, first + panel, ahead));
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

        /// <summary>
        /// What is touched next for the first time: by the next panel, of this slice or of the one that this thread most likely does next, and, after
        /// the slice's last panel, by the gradients of its keys and values.
        /// </summary>
        private ReadOnlySpan<FeatureRows> Ahead(AttentionHead<TSimd, TVector> head, int index, int next, FeatureRows* ahead)
        {
            int count = 0;
            int endQuery = slices.FirstOf((index % slices.Count) + 1);
            if (next >= endQuery)
            {
                for (int key = slices.FirstOf(index % slices.Count); key < endQuery; key += AttentionHead<TSimd, TVector>.PanelQueries)
                {
                    ahead[count++] = operands.Dk.From(head.FirstKeyRow, head.FirstToken + key);
                    ahead[count++] = operands.Dv.From(head.FirstKeyRow, head.FirstToken + key);
                }

                index++;
                next = slices.FirstOf(index % slices.Count);
                head = new AttentionHead<TSimd, TVector>(arguments, slopes, index / slices.Count);
            }

            if (index < arguments.Batch * arguments.Heads * slices.Count)
            {
                int token = head.FirstToken + next;
                ahead[count++] = operands.K.From(head.FirstKeyRow, token);
                ahead[count++] = operands.V.From(head.FirstKeyRow, token);
                ahead[count++] = operands.Q.From(head.FirstRow, token);
                ahead[count++] = operands.OutputGradient.From(head.FirstRow, token);
                ahead[count++] = operands.Output.From(head.FirstRow, token);
                ahead[count++] = operands.Dq.From(head.FirstRow, token);
            }

            return new ReadOnlySpan<FeatureRows>(ahead, count);
        }

        /// <summary>One panel of queries: its probabilities (after dropout), the gradients of its scores, and its part of dQ.</summary>
        private void QueryPanelBackward(
            AttentionHead<TSimd, TVector> head, in AttentionBackwardTiles tiles, FeatureRows keys, FeatureRows values, FeatureRows features,
            int first, int count,
            ReadOnlySpan<FeatureRows> coming)
        {
            float* probabilities = tiles.Probabilities;
            float* scoreGradients = tiles.ScoreGradients;
            int size = arguments.HeadSize;
            int panel = AttentionHead<TSimd, TVector>.PanelQueries;
            int rows = GemmMicrokernel<TSimd, TVector>.Rows;
            int firstKey = head.FirstKey(first);
            int seen = head.EndKey(first) - firstKey;
            FeatureRows queries = Panel(head, operands.Q, size, first, count, tiles.QueryPanel);
            FeatureRows gradients = Panel(head, operands.OutputGradient, size, first, count, tiles.GradientPanel);
            FeatureRows outputs = Panel(head, operands.Output, size, first, count, tiles.OutputPanel);

            int tilesOfScores = (seen + rows - 1) / rows;
            head.Scores(keys, queries, first, probabilities, coming);
            head.Product(values, gradients, first, scoreGradients, coming[Math.Min(coming.Length, tilesOfScores)..]);
            if (arguments.DropoutRate > 0)
            {
                head.Dropout(first, scoreGradients);
            }

            float* sums = stackalloc float[panel];
            new Span<float>(sums, panel).Clear();
            new Span<float>(logSumExp + head.FirstLogSumExp + first, count).CopyTo(new Span<float>(sums, count));
            SoftmaxBackward(probabilities, scoreGradients, seen, head.Scale, gradients, outputs, sums);
            if (arguments.DropoutRate > 0)
            {
                head.Dropout(first, probabilities);
            }

            // No query of this panel sees the keys that fill up the last tile.
            int filling = (AttentionHead<TSimd, TVector>.WholeRows(seen) - seen) * panel;
            new Span<float>(probabilities + (seen * panel), filling).Clear();
            new Span<float>(scoreGradients + (seen * panel), filling).Clear();
            float* to = operands.Dq.At(head.FirstRow, head.FirstToken + first);
            bool isWhole = count == panel && size >= rows;
            float* result = isWhole ? to : tiles.Result;
            int stride = isWhole ? operands.Dq.Stride : panel;
            GemmMicrokernel<TSimd, TVector>.RunRows<GemmMicrokernel<TSimd, TVector>.RowOrder>(
                seen, features.From(firstKey), features.Stride, scoreGradients, panel, result, stride, Math.Max(size, rows));
            for (int f = 0; f < size && !isWhole; f++, to += operands.Dq.Stride)
            {
                new Span<float>(result + (f * panel), count).CopyTo(new Span<float>(to, count));
            }
        }

        /// <summary>
        /// Turns scores into probabilities P, where a factor scales them first, and the gradients of the probabilities G into those of the scores,
        /// P (G - D) scale.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void SoftmaxBackward(
            float* probabilities, float* gradients, int keys, float factor, FeatureRows outputGradients, FeatureRows outputs, float* sums)
        {
            int panel = AttentionHead<TSimd, TVector>.PanelQueries;
            TVector d0 = TSimd.Broadcast(0);
            TVector d1 = TSimd.Broadcast(0);
            float* gradient = outputGradients.From(0);
            float* output = outputs.From(0);
            for (int f = 0; f < arguments.HeadSize; f++, gradient += outputGradients.Stride, output += outputs.Stride)
            {
                d0 = TSimd.MultiplyAdd(TSimd.Load(gradient), TSimd.Load(output), d0);
                d1 = TSimd.MultiplyAdd(TSimd.Load(gradient + TSimd.Width), TSimd.Load(output + TSimd.Width), d1);
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
                        endQuery - firstQuery, visible, panel, right + (f * count) + (firstQuery * panel), panel,
                        sum + (key * sumStride) + f, sumStride, accumulate: key < seen);
                }
            }
        }
    }
}
