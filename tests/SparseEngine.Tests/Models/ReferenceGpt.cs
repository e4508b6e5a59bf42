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
            if (model.PositionEmbedding == PositionEmbedding.Learned)
            {
                x[t] = Add(x[t], Row(GptArchitecture.PositionEmbeddings, t));
            }
            else if (model.PositionEmbedding == PositionEmbedding.Fixed)
            {
                x[t] = Add(x[t], Sinusoids(t));
            }
        }

        if (model.EmbeddingLayerNorm)
        {
            x = Norm(GptArchitecture.EmbeddingNorm, x);
        }

        x = Times(model.EmbeddingsScale, x);

        for (int layer = 0; layer < model.Layers; layer++)
        {
            string name = GptArchitecture.Layer(layer);
            double[][] attended = Add(x, Attention($"{name}.self_attn", Norm($"{name}.norm1", x), layer));
            x = !model.ParallelResidual
                ? Add(attended, FeedForward($"{name}.ffn.ffn", Norm($"{name}.norm3", attended)))
                : Add(attended, FeedForward($"{name}.ffn.ffn", Norm(model.UntiedLayerNorm ? $"{name}.norm3" : $"{name}.norm1", x)));
        }

        string head = model.ShareEmbeddingWeights ? GptArchitecture.WordEmbeddings : $"{GptArchitecture.Head}.weight";
        return Linear(head, $"{GptArchitecture.Head}.bias", Times(model.LogitsScale, Norm(GptArchitecture.FinalNorm, x)));
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

    private static double[][] Times(double factor, double[][] x) => [.. x.Select(row => row.Select(value => factor * value).ToArray())];

    private static double[] Add(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private static double[][] Add(double[][] a, double[][] b) => [.. a.Zip(b, Add)];

    private double[] Row(string table, int row) => weights[table].AsSpan(row * model.HiddenSize, model.HiddenSize).ToArray();

    private double[][] Norm(string name, double[][] x) => [.. x.Select(row => Norm(name, row))];

    private double[] Norm(string name, double[] x) => Norm(name, model.Norm, model.LayerNormEpsilon, x);

    private double[] Norm(string name, NormKind kind, double epsilon, double[] x)
    {
        double mean = kind == NormKind.RmsNorm ? 0 : x.Average();
        double deviation = Math.Sqrt(x.Average(value => (value - mean) * (value - mean)) + epsilon);
        double[] weight = weights[$"{name}.weight"];
        double[] bias = kind == NormKind.LayerNorm ? weights[$"{name}.bias"] : new double[x.Length];
        return [.. x.Select((value, i) => (weight[i] * (value - mean) / deviation) + bias[i])];
    }

    private double[][] FeedForward(string name, double[][] x)
    {
        double[][] middle = Linear($"{name}.0.linear_layer", x);
        double[][] gate = model.GatedFeedForward ? Linear($"{name}.0.linear_layer_for_glu", x) : middle;
        double[][] activated = [.. gate.Select(row => row.Select(value => Activate(model.Nonlinearity, value)).ToArray())];
        return Linear(
            $"{name}.1.linear_layer",
            model.GatedFeedForward ? [.. middle.Zip(activated, (a, b) => a.Zip(b, (p, q) => p * q).ToArray())] : activated);
    }

    /// <summary>Sines and cosines in turn, their waves from 2 pi to 10000 x 2 pi tokens.</summary>
    private double[] Sinusoids(int position)
    {
        int waves = model.HiddenSize / 2;
        return
        [
            .. Enumerable.Range(0, model.HiddenSize).Select(feature =>
            {
                double angle = position * Math.Exp(-Math.Log(1e4) * (feature / 2) / (waves - 1));
                return feature % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle);
            }),
        ];
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

    private double[][] Attention(string name, double[][] x, int layer)
    {
        double[][][] q = Heads($"{name}.proj_q_dense_layer", $"{name}.q_norm", model.Heads, x);
        double[][][] k = Heads($"{name}.proj_k_dense_layer", $"{name}.k_norm", model.KeyValueHeads, x);
        double[][] v = Linear($"{name}.proj_v_dense_layer", x);
        int size = model.HeadSize;
        double[][] attended = [.. x.Select(_ => new double[model.AttentionSize])];
        for (int head = 0; head < model.Heads; head++)
        {
            int group = head / (model.Heads / model.KeyValueHeads);
            for (int t = 0; t < x.Length; t++)
            {
                int first = Math.Max(0, t + 1 - (model.SlidingWindow ?? int.MaxValue - 100));
                double[] scores =
                [
                    .. Enumerable.Range(first, t + 1 - first).Select(s => (Scale(layer) * Dot(q[t][head], k[s][group])) - (Slope(head) * (t - s))),
                ];
                double[] exponentials = [.. scores.Select(score => Math.Exp(score - scores.Max()))];
                for (int s = first; s <= t; s++)
                {
                    for (int f = 0; f < size; f++)
                    {
                        attended[t][(head * size) + f] += exponentials[s - first] / exponentials.Sum() * v[s][(group * size) + f];
                    }
                }
            }
        }

        return Linear($"{name}.proj_output_dense_layer", attended);
    }

    private double Scale(int layer)
    {
        double scale = model.ScaledAttention ? 1 / Math.Sqrt(model.HeadSize) : 1;
        scale *= model.ScaleAttentionByHeadSize ? 1 / Math.Sqrt(model.HeadSize) : 1;
        return scale * model.AttentionLogitsAlpha / (model.ScaleAttentionByLayer ? layer + 1 : 1);
    }

    /// <summary>The slopes of 1, 2 or 4 heads; of 3, the two of 2 heads and the first of 4.</summary>
    private double Slope(int head) => model.PositionEmbedding != PositionEmbedding.Alibi ? 0 : 1 / model.PositionScalingFactor * model.Heads switch
    {
        1 => Math.Pow(2, -8),
        2 => head == 0 ? Math.Pow(2, -4) : Math.Pow(2, -8),
        3 => head == 0 ? Math.Pow(2, -4) : head == 1 ? Math.Pow(2, -8) : Math.Pow(2, -2),
        4 => Math.Pow(4, -(head + 1)),
        _ => throw new NotSupportedException(),
    };

    /// <summary>Each token's heads, normalized and turned as the model says.</summary>
    private double[][][] Heads(string name, string norm, int heads, double[][] x) =>
    [
        .. Linear(name, x).Select((row, position) => Enumerable.Range(0, heads).Select(head =>
        {
            double[] features = row.AsSpan(head * model.HeadSize, model.HeadSize).ToArray();
            return Turned(model.QueryKeyNorm is { } kind ? Norm(norm, kind, model.QueryKeyNormEpsilon, features) : features, position);
        }).ToArray()),
    ];

    private double[] Turned(double[] features, int position)
    {
        if (model.Rotary is { } rotary)
        {
            for (int i = 0; i < rotary.Dimensions / 2; i++)
            {
                double angle = position / model.PositionScalingFactor / Math.Pow(rotary.Theta, 2.0 * i / rotary.Dimensions);
                (double a, double b) = (features[2 * i], features[(2 * i) + 1]);
                features[2 * i] = (a * Math.Cos(angle)) - (b * Math.Sin(angle));
                features[(2 * i) + 1] = (b * Math.Cos(angle)) + (a * Math.Sin(angle));
            }
        }

        return features;
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
