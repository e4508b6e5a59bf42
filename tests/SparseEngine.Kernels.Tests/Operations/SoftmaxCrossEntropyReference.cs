using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

/// <summary>The losses of tokens, which of them were guessed, and the gradient of the logits.</summary>
internal static class SoftmaxCrossEntropyReference
{
    public static (Bounded[] Losses, Bounded[] Hits, BoundedMatrix Gradient) Run(Matrix logits, int[] labels, double[] weights, double gradientScale)
    {
        BoundedMatrix exact = new(logits.Rows, logits.Columns);
        for (int i = 0; i < logits.Values.Length; i++)
        {
            exact.Values[i] = logits.Values[i];
        }

        return Run(exact, labels, weights, gradientScale);
    }

    public static (Bounded[] Losses, Bounded[] Hits, BoundedMatrix Gradient) Run(
        BoundedMatrix logits, int[] labels, double[] weights, double gradientScale)
    {
        Bounded[] losses = new Bounded[logits.Columns];
        Bounded[] hits = new Bounded[logits.Columns];
        BoundedMatrix gradient = new(logits.Rows, logits.Columns);
        for (int t = 0; t < logits.Columns; t++)
        {
            if (weights[t] == 0)
            {
                continue;
            }

            int winner = 0;
            for (int v = 1; v < logits.Rows; v++)
            {
                winner = logits[v, t].Value > logits[winner, t].Value ? v : winner;
            }

            BoundedSum sum = default;
            for (int v = 0; v < logits.Rows; v++)
            {
                sum.Add(Term(v));
            }

            losses[t] = weights[t] * (logits[winner, t] + Bounded.Log(sum.Total) - logits[labels[t], t]);
            hits[t] = winner == labels[t] ? weights[t] : 0;
            for (int v = 0; v < logits.Rows; v++)
            {
                Bounded scale = (Bounded)gradientScale * weights[t];
                gradient[v, t] = (scale * (Term(v) / sum.Total)) - (v == labels[t] ? scale : 0);
            }

            Bounded Term(int v) => Bounded.Exp(logits[v, t] - logits[winner, t]);
        }

        return (losses, hits, gradient);
    }
}
