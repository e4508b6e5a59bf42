using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

/// <summary>Causal self-attention with all scores of a head in memory, and its gradients.</summary>
internal static class AttentionReference
{
    public static (BoundedMatrix Output, Bounded[] LogSumExp) Forward(in AttentionArguments arguments, Matrix q, Matrix k, Matrix v)
    {
        BoundedMatrix output = new(q.Rows, q.Columns);
        Bounded[] logSumExp = new Bounded[arguments.Heads * q.Columns];
        foreach (Query query in Queries(arguments))
        {
            logSumExp[(query.Head * q.Columns) + query.Token] = Attend(arguments, query, q, k, v, output);
        }

        return (output, logSumExp);
    }

    /// <summary>The last token's attended values [features, 1], in one sequence without dropout.</summary>
    public static BoundedMatrix Last(AttentionDecodeArguments arguments, Matrix q, Matrix k, Matrix v)
    {
        AttentionArguments sequence = new(1, q.Columns, arguments.Heads, arguments.HeadSize, arguments.Scale, DropoutRate: 0, default);
        BoundedMatrix output = new(q.Rows, q.Columns);
        BoundedMatrix last = new(q.Rows, 1);
        foreach (Query query in Queries(sequence).Where(query => query.Index == arguments.Position))
        {
            Attend(sequence, query, q, k, v, output);
        }

        for (int f = 0; f < q.Rows; f++)
        {
            last[f, 0] = output[f, arguments.Position];
        }

        return last;
    }

    /// <summary>With P = exp(scores - logSumExp) and D = dO . O: dV = P dO, dS = P (dO . V - D), dQ = scale dS K, dK = scale dS Q.</summary>
    public static (BoundedMatrix Dq, BoundedMatrix Dk, BoundedMatrix Dv) Backward(
        in AttentionArguments arguments, Matrix q, Matrix k, Matrix v, Matrix output, double[] logSumExp, Matrix outputGradient)
    {
        BoundedSum[,] dq = new BoundedSum[q.Rows, q.Columns];
        BoundedSum[,] dk = new BoundedSum[q.Rows, q.Columns];
        BoundedSum[,] dv = new BoundedSum[q.Rows, q.Columns];
        foreach (Query query in Queries(arguments))
        {
            Bounded[] scores = Scores(arguments, query, q, k);
            Bounded d = Dot(outputGradient, query.Token, output, query.Token);
            for (int key = 0; key <= query.Index; key++)
            {
                int keyToken = query.FirstToken + key;
                Bounded factor = Factor(arguments, query, key);
                Bounded probability = Bounded.Exp(scores[key] - logSumExp[(query.Head * q.Columns) + query.Token]);
                Bounded score = probability * ((factor * Dot(outputGradient, query.Token, v, keyToken)) - d) * arguments.Scale;
                for (int f = query.FirstRow; f < query.FirstRow + arguments.HeadSize; f++)
                {
                    dv[f, keyToken].Add(probability * factor * outputGradient[f, query.Token]);
                    dq[f, query.Token].Add(score * k[f, keyToken]);
                    dk[f, keyToken].Add(score * q[f, query.Token]);
                }
            }

            Bounded Dot(Matrix left, int leftToken, Matrix right, int rightToken) =>
                Product(query.FirstRow, query.EndRow, left, leftToken, right, rightToken);
        }

        return (Totals(dq), Totals(dk), Totals(dv));
    }

    /// <summary>Writes one query's column of one head; returns its log sum exp.</summary>
    private static Bounded Attend(in AttentionArguments arguments, Query query, Matrix q, Matrix k, Matrix v, BoundedMatrix output)
    {
        Bounded[] scores = Scores(arguments, query, q, k);
        Bounded maximum = scores.MaxBy(s => s.Value);
        Bounded[] terms = [.. scores.Select(s => Bounded.Exp(s - maximum))];
        BoundedSum sum = default;
        foreach (Bounded term in terms)
        {
            sum.Add(term);
        }

        for (int f = query.FirstRow; f < query.FirstRow + arguments.HeadSize; f++)
        {
            BoundedSum attended = default;
            for (int key = 0; key <= query.Index; key++)
            {
                attended.Add(terms[key] * Factor(arguments, query, key) * v[f, query.FirstToken + key]);
            }

            output[f, query.Token] = attended.Total / sum.Total;
        }

        return maximum + Bounded.Log(sum.Total);
    }

    private static Bounded[] Scores(AttentionArguments arguments, Query query, Matrix q, Matrix k) =>
    [
        .. Enumerable.Range(0, query.Index + 1)
            .Select(key => arguments.Scale * Product(query.FirstRow, query.EndRow, q, query.Token, k, query.FirstToken + key)),
    ];

    private static Bounded Product(int firstRow, int endRow, Matrix left, int leftToken, Matrix right, int rightToken)
    {
        BoundedSum sum = default;
        for (int f = firstRow; f < endRow; f++)
        {
            sum.Add((Bounded)left[f, leftToken] * right[f, rightToken]);
        }

        return sum.Total;
    }

    private static Bounded Factor(in AttentionArguments arguments, Query query, int key)
    {
        if (arguments.DropoutRate == 0)
        {
            return 1;
        }

        long row = ((((long)query.Sequence * arguments.Heads) + query.Head) * arguments.Sequence) + query.Index;
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
                    yield return new Query(
                        sequence, head, index, head * arguments.HeadSize, (head + 1) * arguments.HeadSize, sequence * arguments.Sequence);
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
    private readonly record struct Query(int Sequence, int Head, int Index, int FirstRow, int EndRow, int FirstToken)
    {
        public int Token => FirstToken + Index;
    }
}
