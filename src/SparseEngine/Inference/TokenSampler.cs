using SparseEngine.Kernels.RandomNumbers;

namespace SparseEngine.Inference;

/// <summary>Draws a token from logits.</summary>
/// <param name="temperature">What the logits are divided by; 0 takes the likeliest token.</param>
/// <param name="topK">How many of the likeliest tokens may be drawn; 0 for all.</param>
/// <param name="topP">
/// Of those, only the fewest likeliest whose probabilities, with this temperature and among themselves, add up to at least this (nucleus sampling:
/// Holtzman et al., 2020, in the order of Hugging Face's generate); 1 for all.
/// </param>
/// <param name="seed">The seed of the draws.</param>
internal sealed class TokenSampler(double temperature, int topK, double topP, int seed)
{
    // Not readonly: the generator is a struct that drawing changes.
    private Pcg64 generator = new(unchecked((uint)seed));

    /// <summary>The index of the drawn token; of equally likely ones the lower comes first.</summary>
    public int Draw(ReadOnlySpan<float> logits) => temperature == 0 ? Likeliest(logits) : DrawLikely(logits);

    private static int Likeliest(ReadOnlySpan<float> logits)
    {
        int likeliest = 0;
        for (int token = 1; token < logits.Length; token++)
        {
            likeliest = logits[token] > logits[likeliest] ? token : likeliest;
        }

        return likeliest;
    }

    private int DrawLikely(ReadOnlySpan<float> logits)
    {
        float[] keys = logits.ToArray();
        int[] tokens = [.. Enumerable.Range(0, keys.Length)];
        Array.Sort(tokens, (a, b) => keys[a] != keys[b] ? keys[b].CompareTo(keys[a]) : a.CompareTo(b));
        int candidates = topK == 0 ? tokens.Length : Math.Min(topK, tokens.Length);
        double[] cumulative = new double[candidates];
        double total = 0;
        for (int i = 0; i < candidates; i++)
        {
            total += Math.Exp((keys[tokens[i]] - keys[tokens[0]]) / temperature);
            cumulative[i] = total;
        }

        int allowed = FirstOrLast(cumulative, candidates, sum => sum >= topP * total) + 1;
        double draw = generator.NextDouble() * cumulative[allowed - 1];
        return tokens[FirstOrLast(cumulative, allowed, sum => draw < sum)];
    }

    /// <summary>The first of <paramref name="count"/> sums that matches; the last one where rounding keeps them all from it.</summary>
    private static int FirstOrLast(double[] sums, int count, Predicate<double> match)
    {
        int first = Array.FindIndex(sums, 0, count, match);
        return first < 0 ? count - 1 : first;
    }
}
