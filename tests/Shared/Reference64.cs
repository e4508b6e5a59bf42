namespace SparseEngine.Tests.Shared;

/// <summary>Pieces of decoders in float64, by their definitions.</summary>
internal static class Reference64
{
    public static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    public static double[] Add(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    public static double Gelu(double x) => 0.5 * x * (1 + Erf(x / Math.Sqrt(2)));

    public static double GeluNew(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * Math.Pow(x, 3)))));

    public static double Silu(double x) => x / (1 + Math.Exp(-x));

    /// <summary>What the last of several positions takes from them, head after head.</summary>
    /// <param name="query">Its query, of all heads.</param>
    /// <param name="keys">The keys of all positions up to it.</param>
    /// <param name="values">Their values.</param>
    /// <param name="heads">The number of heads; keys and values have as many as they are long for.</param>
    /// <param name="score">The score of a head and a position, of the product of query and key; minus infinity where it is not seen.</param>
    public static double[] Attend(double[] query, double[][] keys, double[][] values, int heads, Func<double, int, int, double> score)
    {
        int size = query.Length / heads;
        int shared = heads / (keys[0].Length / size);
        double[] attended = new double[query.Length];
        for (int head = 0; head < heads; head++)
        {
            double[] part = Part(query, head, size);
            double[] exponentials = [.. keys.Select((key, s) => Math.Exp(score(Dot(part, Part(key, head / shared, size)), head, s)))];
            for (int s = 0; s < keys.Length; s++)
            {
                double[] value = Part(values[s], head / shared, size);
                for (int f = 0; f < size; f++)
                {
                    attended[(head * size) + f] += exponentials[s] / exponentials.Sum() * value[f];
                }
            }
        }

        return attended;
    }

    /// <summary>One head's features of several.</summary>
    public static double[] Part(double[] row, int head, int size) => row.AsSpan(head * size, size).ToArray();

    /// <summary>Turns the pairs (i, i + d/2) of each head's first d features, d twice the number of frequencies.</summary>
    public static double[] RotateHalves(double[] row, int size, int position, double[] frequencies) =>
        Rotate(row, size, position, frequencies, i => (i, i + frequencies.Length));

    /// <summary>Turns the pairs (2i, 2i + 1) of each head's first d features.</summary>
    public static double[] RotateNeighbours(double[] row, int size, int position, double[] frequencies) =>
        Rotate(row, size, position, frequencies, i => (2 * i, (2 * i) + 1));

    /// <summary>theta^(-2i / d).</summary>
    public static double[] Frequencies(int dimensions, double theta) =>
        [.. Enumerable.Range(0, dimensions / 2).Select(i => Math.Pow(theta, -2.0 * i / dimensions))];

    /// <summary>ALiBi's slope of a head: 2^(-8 (h + 1) / n) for a power of two n; the heads beyond take every second one of twice as many.</summary>
    public static double Slope(int head, int heads)
    {
        int power = 1 << (int)Math.Floor(Math.Log2(heads));
        return head < power ? Math.Pow(2, -8.0 * (head + 1) / power) : Math.Pow(2, -4.0 * ((2 * (head - power)) + 1) / power);
    }

    private static double[] Rotate(double[] row, int size, int position, double[] frequencies, Func<int, (int First, int Second)> pair)
    {
        double[] turned = [.. row];
        for (int start = 0; start < row.Length; start += size)
        {
            for (int i = 0; i < frequencies.Length; i++)
            {
                (int first, int second) = pair(i);
                (double sin, double cos) = Math.SinCos(position * frequencies[i]);
                turned[start + first] = (row[start + first] * cos) - (row[start + second] * sin);
                turned[start + second] = (row[start + second] * cos) + (row[start + first] * sin);
            }
        }

        return turned;
    }

    /// <summary>2/sqrt(pi) e^(-x^2) sum of 2^n x^(2n+1) / (2n+1)!! (Abramowitz and Stegun, 7.1.6).</summary>
    private static double Erf(double x)
    {
        double term = x;
        double sum = x;
        for (int n = 1; Math.Abs(term) > 1e-17 * Math.Abs(sum); n++)
        {
            term *= 2 * x * x / ((2 * n) + 1);
            sum += term;
        }

        return Math.Abs(x) > 6 ? Math.Sign(x) : 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }
}
