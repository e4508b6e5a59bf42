using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

/// <summary>
/// Causal self-attention with all scores of a query in memory, and its gradients. Without slopes, scores do not fall with the distance.
/// </summary>
internal static class AttentionReference
{
    public static (BoundedMatrix Output, Bounded[] LogSumExp) Forward(
        in AttentionArguments arguments, Matrix q, Matrix k, Matrix v, double[]? slopes = null)
    {
        BoundedMatrix output = new(q.Rows, q.Columns);
        Bounded[] logSumExp = new Bounded[arguments.Heads * q.Columns];
        foreach (Query query in Queries(arguments))
        {
            logSumExp[(query.Head * q.Columns) + query.Token] = Attend(arguments, query, q, k, v, slopes, output);
        }

        return (output, logSumExp);
    }

    /// <summary>The last token's attended values [features, 1], in one sequence without dropout.</summary>
    public static BoundedMatrix Last(AttentionDecodeArguments arguments, Matrix q, Matrix k, Matrix v, double[]? slopes = null)
    {
        AttentionArguments sequence = new(1, q.Columns, arguments.Heads, arguments.HeadSize, arguments.Scale, DropoutRate: 0, default)
        {
            KeyValueHeads = arguments.KeyValueHeads,
            Window = arguments.Window,
        };
        BoundedMatrix output = new(q.Rows, q.Columns);
        BoundedMatrix last = new(q.Rows, 1);
        foreach (Query query in Queries(sequence).Where(query => query.Index == arguments.Position))
        {
            Attend(sequence, query, q, k, v, slopes, output);
        }

        for (int f = 0; f < q.Rows; f++)
        {
            last[f, 0] = output[f, arguments.Position];
        }

        return last;
    }

    /// <summary>
    /// With P = exp(scores - logSumExp) and D = dO . O: dV = P dO, dS = P (dO . V - D), dQ = scale dS K, dK = scale dS Q, those of the keys and
    /// values summed over the heads that read them.
    /// </summary>
    public static (BoundedMatrix Dq, BoundedMatrix Dk, BoundedMatrix Dv) Backward(
        in AttentionArguments arguments, Matrix q, Matrix k, Matrix v, Matrix output, double[] logSumExp, Matrix outputGradient,
        double[]? slopes = null)
    {
        BoundedSum[,] dq = new BoundedSum[q.Rows, q.Columns];
        BoundedSum[,] dk = new BoundedSum[k.Rows, k.Columns];
        BoundedSum[,] dv = new BoundedSum[v.Rows, v.Columns];
        foreach (Query query in Queries(arguments))
        {
            Bounded[] scores = Scores(arguments, query, q, k, slopes);
            Bounded d = Product(arguments.HeadSize, outputGradient, query.Row, query.Token, output, query.Row, query.Token);
            for (int key = query.FirstKey; key <= query.Index; key++)
            {
                int keyToken = query.FirstToken + key;
                Bounded factor = Factor(arguments, query, key);
                Bounded probability = Bounded.Exp(scores[key - query.FirstKey] - logSumExp[(query.Head * q.Columns) + query.Token]);
                Bounded change = factor * Product(arguments.HeadSize, outputGradient, query.Row, query.Token, v, query.KeyRow, keyToken);
                Bounded score = probability * (change - d) * arguments.Scale;
                for (int f = 0; f < arguments.HeadSize; f++)
                {
                    dv[query.KeyRow + f, keyToken].Add(probability * factor * outputGradient[query.Row + f, query.Token]);
                    dq[query.Row + f, query.Token].Add(score * k[query.KeyRow + f, keyToken]);
                    dk[query.KeyRow + f, keyToken].Add(score * q[query.Row + f, query.Token]);
                }
            }
        }

        return (Totals(dq), Totals(dk), Totals(dv));
    }

    /// <summary>Writes one query's column of one head; returns its log sum exp.</summary>
    private static Bounded Attend(
        in AttentionArguments arguments, Query query, Matrix q, Matrix k, Matrix v, double[]? slopes, BoundedMatrix output)
    {
        Bounded[] scores = Scores(arguments, query, q, k, slopes);
        Bounded maximum = scores.MaxBy(s => s.Value);
        Bounded[] terms = [.. scores.Select(s => Bounded.Exp(s - maximum))];
        BoundedSum sum = default;
        foreach (Bounded term in terms)
        {
            sum.Add(term);
        }

        for (int f = 0; f < arguments.HeadSize; f++)
        {
            BoundedSum attended = default;
            for (int key = query.FirstKey; key <= query.Index; key++)
            {
                attended.Add(terms[key - query.FirstKey] * Factor(arguments, query, key) * v[query.KeyRow + f, query.FirstToken + key]);
            }

            output[query.Row + f, query.Token] = attended.Total / sum.Total;
        }

        return maximum + Bounded.Log(sum.Total);
    }

    /// <summary>Those of the keys that the query sees.</summary>
    private static Bounded[] Scores(AttentionArguments arguments, Query query, Matrix q, Matrix k, double[]? slopes) =>
    [
        .. Enumerable.Range(query.FirstKey, query.Index + 1 - query.FirstKey).Select(key =>
        {
            Bounded product = Product(arguments.HeadSize, q, query.Row, query.Token, k, query.KeyRow, query.FirstToken + key);
            Bounded score = arguments.Scale * product;
            return slopes is null ? score : score - ((Bounded)slopes[query.Head] * (query.Index - key));
        }),
    ];

    private static Bounded Product(int count, Matrix left, int leftRow, int leftToken, Matrix right, int rightRow, int rightToken)
    {
        BoundedSum sum = default;
        for (int f = 0; f < count; f++)
        {
            sum.Add((Bounded)left[leftRow + f, leftToken] * right[rightRow + f, rightToken]);
        }

        return sum.Total;
    }

    private static Bounded Factor(in AttentionArguments arguments, Query query, int key)
    {
        if (arguments.DropoutRate == 0)
        {
            return 1;
        }

        long sequence = (arguments.Dropout.FirstToken / arguments.Sequence) + query.Sequence;
        long row = (((sequence * arguments.Heads) + query.Head) * arguments.Sequence) + query.Index;
        return DropoutTests.Factor(arguments.Dropout, (row * arguments.Sequence) + key, arguments.DropoutRate);
    }

    private static IEnumerable<Query> Queries(AttentionArguments arguments)
    {
        for (int sequence = 0; sequence < arguments.Batch; sequence++)
        {
            for (int head = 0; head < arguments.Heads; head++)
            {
                for (int index = 0; index < arguments.Sequence; index++)
                {
                    int keyHead = head / (arguments.Heads / arguments.KeyValueHeads);
                    yield return new Query(
                        sequence, head, index, Math.Max(0, index + 1 - arguments.Window), head * arguments.HeadSize, keyHead * arguments.HeadSize,
                        sequence * arguments.Sequence);
                }
            }
        }
    }

    private static BoundedMatrix Totals(BoundedSum[,] sums)
    {
        BoundedMatrix matrix = new(sums.GetLength(0), sums.GetLength(1));
        for (int row = 0; row < matrix.Rows; row++)
        {
            for (int column = 0; column < matrix.Columns; column++)
            {
                matrix[row, column] = sums[row, column].Total;
            }
        }

        return matrix;
    }

    /// <summary>One query of one head: which keys and which features are its own.</summary>
    private readonly record struct Query(int Sequence, int Head, int Index, int FirstKey, int Row, int KeyRow, int FirstToken)
    {
        public int Token => FirstToken + Index;
    }
}
