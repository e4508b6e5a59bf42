using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;
using SparseEngine.Models;
using SparseEngine.Optimizers;
using SparseEngine.Sparsity;
using SparseEngine.Tests.Models;
using SparseEngine.Training;

namespace SparseEngine.Tests.Optimizers;

/// <summary>Several updates with changing gradients against the closed forms in float64.</summary>
public class OptimizerTests
{
    private const double Rate = 0.01;
    private const double Scale = 0.5;

    public static TheoryData<string, OptimizerParameters> Rules => new()
    {
        { "AdamW", Settings(OptimizerKind.AdamW) },
        { "AdamW with bias correction", Settings(OptimizerKind.AdamW) with { CorrectBias = true, Beta2 = 0.95 } },
        { "AdamW with weight decay", Settings(OptimizerKind.AdamW) with { CorrectBias = true, WeightDecayRate = 0.1 } },
        { "Adam with weight decay", Settings(OptimizerKind.Adam) with { CorrectBias = true, WeightDecayRate = 0.1 } },
        { "SGD", Settings(OptimizerKind.Sgd) with { WeightDecayRate = 0.1 } },
        { "SGD with momentum", Settings(OptimizerKind.Sgd) with { Momentum = 0.9 } },
        { "SGD with Nesterov momentum", Settings(OptimizerKind.Sgd) with { Momentum = 0.9, UseNesterov = true, WeightDecayRate = 0.1 } },
    };

    [Theory]
    [MemberData(nameof(Rules))]
    public void Updates_follow_the_formula(string rule, OptimizerParameters settings) => Check(rule, settings, TinyModel.Shape);

    /// <summary>Hidden size 8 for a base of 4, filter size 12 for a base of 5.</summary>
    [Theory]
    [MemberData(nameof(Rules))]
    public void Under_mup_each_weight_of_a_layer_has_the_rate_of_its_width(string rule, OptimizerParameters settings) =>
        Check(rule, settings, FamilyModels.All["muP"]);

    private static void Check(string rule, OptimizerParameters settings, ModelParameters shape)
    {
        using HostDevice device = HostDevice.Create(1);
        using ParameterSet parameters = TinyModel.Parameters(device, shape, TinyModel.HalfOfLinearWeights);
        Optimizer optimizer = Optimizer.Create(settings, device, parameters);
        using UpdateScale scale = ClippedTo(Scale, device);
        ImmutableArray<double[]> expected = [.. parameters.Select(parameter => Stored(parameter.Values))];
        ImmutableArray<double[]> first = [.. expected.Select(values => new double[values.Length])];
        ImmutableArray<double[]> second = [.. expected.Select(values => new double[values.Length])];

        for (int t = 1; t <= 4; t++)
        {
            for (int index = 0; index < parameters.Count; index++)
            {
                Parameter parameter = parameters[index];
                float[] gradient = Gradient(parameter.Values.Length, seed: (100 * t) + index);
                parameter.Gradient.CopyFrom(gradient);
                double rate = RateOf(shape, parameter.Name);
                Apply(settings, t, rate, parameter.Definition.Decays, expected[index], gradient, first[index], second[index]);
            }

            optimizer.Step(Rate, scale);
        }

        for (int index = 0; index < parameters.Count; index++)
        {
            double[] actual = Stored(parameters[index].Values);
            for (int i = 0; i < actual.Length; i++)
            {
                Assert.True(
                    Math.Abs(actual[i] - expected[index][i]) < 2e-6,
                    $"{rule}: {parameters[index].Name}[{i}] is {actual[i]}, not {expected[index][i]}");
            }
        }
    }

    [Fact]
    public void State_exists_for_the_non_zeros_of_a_sparse_weight_only()
    {
        using HostDevice device = HostDevice.Create(1);
        using ParameterSet parameters = TinyModel.Parameters(device, TinyModel.Shape, TinyModel.HalfOfLinearWeights);
        Optimizer optimizer = Optimizer.Create(Settings(OptimizerKind.AdamW), device, parameters);

        int sparse = parameters.ToList().FindIndex(parameter => parameter.Pattern is not null);
        Assert.Equal(parameters[sparse].NonZeros, parameters[sparse].States[0].Length);
        Assert.Equal(parameters[sparse].NonZeros, parameters[sparse].States[1].Length);
        Assert.True(parameters[sparse].NonZeros < parameters[sparse].Elements);
        Assert.True(TrainingMemory.Of(optimizer).DenseBytes == parameters.Elements * 16);
    }

    [Fact]
    public void Training_state_of_a_sparse_weight_is_at_most_32_bytes_per_non_zero()
    {
        ParameterDefinition definition = new(
            "model.transformer_decoder.layers.0.ffn.ffn.0.linear_layer.weight", [1024, 512], ParameterRole.LinearWeight, Layer: 0,
            InitializerParameters.Constant(0));
        Random random = new(1);
        bool[] keep = [.. Enumerable.Range(0, (int)definition.Elements).Select(_ => random.Next(4) == 0)];
        using HostDevice device = HostDevice.Create(2);
        using DenseWeight weight = new(device, new float[definition.Elements]);
        using DeviceBuffer<byte> flags = weight.Upload(keep);
        using Parameter parameter = Parameter.Create(device, definition, weight, flags, trainable: true);

        // Weight, gradient and two moments, all float32, and the pattern in both orientations.
        Assert.InRange((16.0 * parameter.NonZeros + parameter.PatternBytes) / parameter.NonZeros, 16, 32);
    }

    [Fact]
    public void Biases_and_norms_do_not_decay()
    {
        Assert.All(GptArchitecture.Parameters(TinyModel.Shape), parameter =>
            Assert.Equal(
                !parameter.Name.Contains("bias", StringComparison.Ordinal) && !parameter.Name.Contains("norm", StringComparison.Ordinal)
                    && !parameter.Name.Contains("ln_f", StringComparison.Ordinal),
                parameter.Decays));
    }

    /// <summary>What clipping decides where the gradients' norm is 2 and may be twice <paramref name="factor"/>.</summary>
    private static UpdateScale ClippedTo(double factor, ComputeDevice device)
    {
        using DeviceBuffer<float> two = device.Allocate<float>(1);
        two.CopyFrom([2]);
        using DeviceSum loss = device.AllocateSum();
        using DeviceSum squaredNorm = device.AllocateSum();
        device.AddSumOfSquares(two, squaredNorm);
        UpdateScale scale = new(device);
        device.ClipByGlobalNorm(new ClipArguments((float)(2 * factor), RefuseNonFinite: true, Step: 1), loss, squaredNorm, scale);
        return scale;
    }

    private static OptimizerParameters Settings(OptimizerKind kind) =>
        new() { Kind = kind, LearningRate = new LearningRateParameters([new ConstantScheduler(Rate, null)], false) };

    private static float[] Gradient(int length, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, length).Select(_ => (float)(random.NextDouble() - 0.5))];
    }

    private static double[] Stored(DeviceBuffer<float> buffer)
    {
        float[] values = new float[buffer.Length];
        buffer.CopyTo(values);
        return [.. values.Select(value => (double)value)];
    }

    private static double RateOf(ModelParameters shape, string name) =>
        shape.MupBaseHiddenSize is null || !name.EndsWith("_layer.weight", StringComparison.Ordinal)
        ? Rate
        : Rate * (name.Contains("ffn.ffn.1", StringComparison.Ordinal) ? 5.0 / 12 : 4.0 / 8);

    private static void Apply(
        OptimizerParameters settings, int t, double rate, bool decays, double[] weights, float[] gradients, double[] m, double[] v)
    {
        double decay = decays ? settings.WeightDecayRate : 0;
        double correction = settings.CorrectBias ? Math.Sqrt(1 - Math.Pow(settings.Beta2, t)) / (1 - Math.Pow(settings.Beta1, t)) : 1;
        for (int i = 0; i < weights.Length; i++)
        {
            double g = Scale * gradients[i];
            if (settings.Kind == OptimizerKind.Sgd)
            {
                g += decay * weights[i];
                m[i] = (settings.Momentum * m[i]) + g;
                weights[i] -= rate * (settings.UseNesterov ? g + (settings.Momentum * m[i]) : m[i]);
                continue;
            }

            g += settings.Kind == OptimizerKind.Adam ? decay * weights[i] : 0;
            m[i] = (settings.Beta1 * m[i]) + ((1 - settings.Beta1) * g);
            v[i] = (settings.Beta2 * v[i]) + ((1 - settings.Beta2) * g * g);
            double update = correction * m[i] / (Math.Sqrt(v[i]) + settings.Epsilon);
            weights[i] -= rate * (update + (settings.Kind == OptimizerKind.AdamW ? decay * weights[i] : 0));
        }
    }
}
