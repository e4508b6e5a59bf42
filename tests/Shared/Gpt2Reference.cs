namespace SparseEngine.Tests.Shared;

/// <summary>
/// The loss of a <see cref="PublishedGpt2"/> in float64, from its own tensors: a Conv1D layer is x W + b, c_attn gives q, k and v at once.
/// </summary>
internal sealed class Gpt2Reference(PublishedGpt2 model)
{
    private const int HeadSize = PublishedGpt2.Hidden / PublishedGpt2.Heads;

    private readonly IReadOnlyDictionary<string, float[]> tensors = model.Values;

    /// <summary>The mean cross-entropy of the labels of one sequence.</summary>
    public double Loss(int[] ids, int[] labels)
    {
        double[][] logits = Logits(ids);
        return labels.Select((label, t) => Math.Log(logits[t].Sum(Math.Exp)) - logits[t][label]).Average();
    }

    private double[][] Logits(int[] ids)
    {
        double[][] x = [.. ids.Select((id, t) => Add(Row("wte.weight", id), Row("wpe.weight", t)))];
        for (int layer = 0; layer < PublishedGpt2.Layers; layer++)
        {
            string block = $"h.{layer}";
            double[][] qkv = [.. x.Select(row => Conv1D($"{block}.attn.c_attn", Norm($"{block}.ln_1", row)))];
            x = [.. x.Select((row, t) => Add(row, Conv1D($"{block}.attn.c_proj", Attend(qkv[..(t + 1)]))))];
            x = [.. x.Select(
                row => Add(row, Conv1D($"{block}.mlp.c_proj", [.. Conv1D($"{block}.mlp.c_fc", Norm($"{block}.ln_2", row)).Select(GeluNew)])))];
        }

        string head = tensors.ContainsKey("lm_head.weight") ? "lm_head.weight" : "wte.weight";
        return [.. x
            .Select(row => Norm("ln_f", row))
            .Select(row => Enumerable.Range(0, PublishedGpt2.Vocabulary).Select(token => Dot(row, Row(head, token))).ToArray())];
    }

    /// <summary>What the last position takes from those up to it.</summary>
    private static double[] Attend(double[][] qkv)
    {
        double[] attended = new double[PublishedGpt2.Hidden];
        for (int head = 0; head < PublishedGpt2.Heads; head++)
        {
            double[] query = Part(qkv[^1], 0, head);
            double[] exponentials = [.. qkv.Select(row => Math.Exp(Dot(query, Part(row, 1, head)) / Math.Sqrt(HeadSize)))];
            for (int s = 0; s < qkv.Length; s++)
            {
                double[] value = Part(qkv[s], 2, head);
                for (int f = 0; f < HeadSize; f++)
                {
                    attended[(head * HeadSize) + f] += exponentials[s] / exponentials.Sum() * value[f];
                }
            }
        }

        return attended;
    }

    /// <summary>A head's share of the query (0), key (1) or value (2).</summary>
    private static double[] Part(double[] row, int part, int head) =>
        row.AsSpan((part * PublishedGpt2.Hidden) + (head * HeadSize), HeadSize).ToArray();

    private static double GeluNew(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * Math.Pow(x, 3)))));

    private static double[] Add(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private double[] Row(string table, int row) =>
        [.. tensors[table].AsSpan(row * PublishedGpt2.Hidden, PublishedGpt2.Hidden).ToArray().Select(value => (double)value)];

    private double[] Norm(string name, double[] x)
    {
        double mean = x.Average();
        double deviation = Math.Sqrt(x.Average(value => Math.Pow(value - mean, 2)) + 1e-5);
        return [.. x.Select((value, i) => (tensors[$"{name}.weight"][i] * (value - mean) / deviation) + tensors[$"{name}.bias"][i])];
    }

    private double[] Conv1D(string name, double[] x)
    {
        float[] weight = tensors[$"{name}.weight"];
        double[] y = [.. tensors[$"{name}.bias"].Select(value => (double)value)];
        for (int i = 0; i < x.Length; i++)
        {
            for (int o = 0; o < y.Length; o++)
            {
                y[o] += x[i] * weight[(i * y.Length) + o];
            }
        }

        return y;
    }
}
