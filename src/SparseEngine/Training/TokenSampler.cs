using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Training;

/// <summary>Draws a token from logits.</summary>
/// <param name="temperature">What the logits are divided by; 0 takes the likeliest token.</param>
/// <param name="topK">How many of the likeliest tokens may be drawn; 0 for all.</param>
/// <param name="seed">The seed of the draws.</param>
internal sealed class TokenSampler(double temperature, int topK, int seed)
{
    // Not readonly: the generator is a struct that drawing changes.
    private Pcg64 generator = new(unchecked((uint)seed));

    /// <summary>The index of the drawn token; of equally likely ones the lower comes first.</summary>
    public int Draw(ReadOnlySpan<float> logits)
    {
        float[] keys = new float[logits.Length];
        int[] tokens = new int[logits.Length];
        for (int token = 0; token < tokens.Length; token++)
        {
            keys[token] = logits[token];
            tokens[token] = token;
        }

        Array.Sort(tokens, (a, b) => keys[a] != keys[b] ? keys[b].CompareTo(keys[a]) : a.CompareTo(b));
        if (temperature == 0)
        {
            return tokens[0];
        }

        int candidates = topK == 0 ? tokens.Length : Math.Min(topK, tokens.Length);
        double[] cumulative = new double[candidates];
        double total = 0;
        for (int i = 0; i < candidates; i++)
        {
            total += Math.Exp((keys[tokens[i]] - keys[tokens[0]]) / temperature);
            cumulative[i] = total;
        }

        double draw = generator.NextDouble() * total;
        int chosen = Array.FindIndex(cumulative, bound => draw < bound);
        return tokens[chosen < 0 ? candidates - 1 : chosen];
    }
}
