using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;

namespace SparseEngine.Tests.Models;

/// <summary>The model's loss in float64, written as plainly as possible: token-major rows, full score matrices, no reuse.</summary>
internal sealed class ReferenceGpt(ModelParameters model, IReadOnlyDictionary<string, double[]> weights)
{
    /// <summary>The scaled loss of one batch, as the model section's loss_scaling says.</summary>
    public double Loss(int batch, int sequence, int[] ids, int[] mask, int[] labels)
    {
        double sum = 0;
        for (int b = 0; b < batch; b++)
        {
            double[][] logits = Logits(ids.AsSpan(b * sequence, sequence));
            for (int t = 0; t < sequence; t++)
            {
                int token = (b * sequence) + t;
                if (mask[token] != 0)
                {
                    double max = logits[t].Max();
                    sum += max + Math.Log(logits[t].Sum(logit => Math.Exp(logit - max))) - logits[t][labels[token]];
                }
            }
        }

        return model.LossScaling == LossScaling.NumTokens ? sum / mask.Sum() : sum / batch * model.LossWeight;
    }

    /// <summary>The logits of each position of one sequence.</summary>
    public double[][] Logits(ReadOnlySpan<int> ids)
    {
        double[][] x = new double[ids.Length][];
        for (int t = 0; t < x.Length; t++)
        {
            x[t] = Row(GptArchitecture.WordEmbeddings, ids[t]);
            if (model.HasPositionTable)
            {
                x[t] = Add(x[t], Row(GptArchitecture.PositionEmbeddings, t));
            }
        }

        if (model.EmbeddingLayerNorm)
        {
            x = Norm(GptArchitecture.EmbeddingNorm, x);
        }

        for (int layer = 0; layer < model.Layers; layer++)
        {
            string name = GptArchitecture.Layer(layer);
            x = Add(x, Attention($"{name}.self_attn", Norm($"{name}.norm1", x)));
            double[][] middle = Linear($"{name}.ffn.ffn.0.linear_layer", Norm($"{name}.norm3", x));
            double[][] activated = [.. middle.Select(row => row.Select(value => Activate(model.Nonlinearity, value)).ToArray())];
            x = Add(x, Linear($"{name}.ffn.ffn.1.linear_layer", activated));
        }

        string head = model.ShareEmbeddingWeights ? GptArchitecture.WordEmbeddings : $"{GptArchitecture.Head}.weight";
        return Linear(head, $"{GptArchitecture.Head}.bias", Norm(GptArchitecture.FinalNorm, x));
    }

    private static double Activate(Activation activation, double x) => activation switch
    {
        Activation.Linear => x,
        Activation.Gelu => x * NormalDistribution.Cumulative(x),
        Activation.GeluNew => x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        Activation.QuickGelu => x / (1 + Math.Exp(-1.702 * x)),
        Activation.Relu => Math.Max(x, 0),
        Activation.SquaredRelu => Math.Max(x, 0) * Math.Max(x, 0),
        Activation.LeakyRelu => x >= 0 ? x : 0.01 * x,
        Activation.Relu6 => Math.Clamp(x, 0, 6),
        Activation.Silu => x / (1 + Math.Exp(-x)),
        Activation.Sigmoid => 1 / (1 + Math.Exp(-x)),
        Activation.Tanh => Math.Tanh(x),
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };

    private static double[] Add(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private static double[][] Add(double[][] a, double[][] b) => [.. a.Zip(b, Add)];

    private double[] Row(string table, int row) => weights[table].AsSpan(row * model.HiddenSize, model.HiddenSize).ToArray();

    private double[][] Norm(string name, double[][] x) => [.. x.Select(row => Norm(name, row))];

    private double[] Norm(string name, double[] x)
    {
        double mean = x.Average();
        double deviation = Math.Sqrt(x.Average(value => (value - mean) * (value - mean)) + model.LayerNormEpsilon);
        double[] weight = weights[$"{name}.weight"];
        double[] bias = weights[$"{name}.bias"];
        return [.. x.Select((value, i) => (weight[i] * (value - mean) / deviation) + bias[i])];
    }

    private double[][] Linear(string name, double[][] x) => Linear($"{name}.weight", $"{name}.bias", x);

    private double[][] Linear(string weightName, string biasName, double[][] x)
    {
        double[] weight = weights[weightName];
        double[]? bias = weights.GetValueOrDefault(biasName);
        int inputs = x[0].Length;
        return [.. x.Select(row => Enumerable.Range(0, weight.Length / inputs).Select(o => Output(row, o)).ToArray())];

        double Output(double[] row, int output)
        {
            double sum = bias?[output] ?? 0;
            for (int i = 0; i < inputs; i++)
            {
                sum += weight[(output * inputs) + i] * row[i];
            }

            return sum;
        }
    }

    private double[][] Attention(string name, double[][] x)
    {
        double[][] q = Linear($"{name}.proj_q_dense_layer", x);
        double[][] k = Linear($"{name}.proj_k_dense_layer", x);
        double[][] v = Linear($"{name}.proj_v_dense_layer", x);
        int size = model.HiddenSize / model.Heads;
        double scale = model.ScaledAttention ? 1 / Math.Sqrt(size) : 1;
        double[][] attended = [.. x.Select(row => new double[row.Length])];
        for (int first = 0; first < model.HiddenSize; first += size)
        {
            for (int t = 0; t < x.Length; t++)
            {
                double[] scores = [.. Enumerable.Range(0, t + 1).Select(s => scale * Dot(q[t], k[s], first, size))];
                double[] exponentials = [.. scores.Select(score => Math.Exp(score - scores.Max()))];
                for (int s = 0; s <= t; s++)
                {
                    for (int f = first; f < first + size; f++)
                    {
                        attended[t][f] += exponentials[s] / exponentials.Sum() * v[s][f];
                    }
                }
            }
        }

        return Linear($"{name}.proj_output_dense_layer", attended);
    }

    private static double Dot(double[] a, double[] b, int first, int count)
    {
        double sum = 0;
        for (int i = first; i < first + count; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }
}
