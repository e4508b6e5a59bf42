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
    private ulong[] order = [];

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
        if (order.Length != logits.Length)
        {
            order = new ulong[logits.Length];
        }

        for (int token = 0; token < order.Length; token++)
        {
            order[token] = Place(logits[token], token);
        }

        // Numbers sort several times as fast as what has to be compared by a method.
        Array.Sort(order);
        int candidates = topK == 0 ? order.Length : Math.Min(topK, order.Length);
        double[] cumulative = new double[candidates];
        double total = 0;
        for (int i = 0; i < candidates; i++)
        {
            total += Math.Exp((logits[TokenAt(i)] - logits[TokenAt(0)]) / temperature);
            cumulative[i] = total;
        }

        int allowed = FirstOrLast(cumulative, candidates, sum => sum >= topP * total) + 1;
        double draw = generator.NextDouble() * cumulative[allowed - 1];
        return TokenAt(FirstOrLast(cumulative, allowed, sum => draw < sum));
    }

    /// <summary>A number that is the smaller, the larger the logit, and among equal ones the lower the token.</summary>
    private static ulong Place(float logit, int token)
    {
        // Without a zero's sign, the bits of floats that are positive are in their order, and those of negative ones in the opposite.
        uint bits = BitConverter.SingleToUInt32Bits(logit + 0f);
        uint descending = (bits & 0x80000000) == 0 ? ~(bits | 0x80000000) : bits;
        return ((ulong)descending << 32) | (uint)token;
    }

    private int TokenAt(int place) => (int)(uint)order[place];

    /// <summary>The first of <paramref name="count"/> sums that matches; the last one where rounding keeps them all from it.</summary>
    private static int FirstOrLast(double[] sums, int count, Predicate<double> match)
    {
        int first = Array.FindIndex(sums, 0, count, match);
        return first < 0 ? count - 1 : first;
    }
}
