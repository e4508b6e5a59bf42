using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Models;
using SparseEngine.Optimizers;
using SparseEngine.Sparsity;
using SparseEngine.Training;

namespace SparseEngine.Tests.Models;

/// <summary>Loss and gradients of the whole model against a float64 model and its central differences, element by element.</summary>
public class GradientTests
{
    private static readonly OptimizerParameters AnyOptimizer = new()
    {
        Kind = OptimizerKind.AdamW, LearningRate = new LearningRateParameters([new ConstantScheduler(0, null)], false),
    };

    public static TheoryData<Activation> Activations => [.. Enum.GetValues<Activation>()];

    [Theory]
    [MemberData(nameof(Activations))]
    public void Every_activation_has_the_gradient_of_its_loss(Activation activation) =>
        Check(TinyModel.Shape with { Layers = 1, Nonlinearity = activation }, TinyModel.Nothing);

    public static TheoryData<string> Family => [.. FamilyModels.All.Keys];

    [Theory]
    [MemberData(nameof(Family))]
    public void Every_member_of_the_family_has_the_loss_and_gradient_of_its_definition(string name) =>
        Check(FamilyModels.All[name], TinyModel.HalfOfLinearWeights);

    [Fact]
    public void Sparse_weights_have_the_dense_models_gradient_at_their_non_zeros() =>
        Check(TinyModel.Shape, TinyModel.HalfOfLinearWeights);

    [Fact]
    public void An_untied_sparse_head_with_a_bias_does_too() =>
        Check(TinyModel.Shape with { ShareEmbeddingWeights = false, UseBiasInOutput = true }, TinyModel.HalfOfLinearWeights);

    [Fact]
    public void A_normalization_of_the_embeddings_does_too() =>
        Check(TinyModel.Shape with { EmbeddingLayerNorm = true }, TinyModel.Nothing);

    [Fact]
    public void A_model_without_positions_and_biases_does_too() =>
        Check(
            TinyModel.Shape with
            {
                PositionEmbedding = PositionEmbedding.None, UseProjectionBiasInAttention = false, UseFfnBiasInAttention = false, UseFfnBias = false,
            },
            TinyModel.HalfOfLinearWeights);

    [Fact]
    public void Unscaled_attention_does_too() =>
        Check(TinyModel.Shape with { ScaledAttention = false }, TinyModel.Nothing);

    [Fact]
    public void A_feed_forward_wider_than_four_times_the_hidden_size_does_too() =>
        Check(TinyModel.Shape with { FilterSize = 40 }, TinyModel.HalfOfLinearWeights);

    [Fact]
    public void Batch_size_scaling_divides_by_sequences_and_multiplies_by_the_loss_weight() =>
        Check(TinyModel.Shape with { LossScaling = LossScaling.BatchSize, LossWeight = 0.25 }, TinyModel.HalfOfLinearWeights);

    [Fact]
    public void Weights_that_are_rewired_have_the_gradient_of_their_new_pattern() =>
        Check(TinyModel.Shape, TinyModel.HalfOfLinearWeights, (device, parameters) =>
        {
            foreach (Parameter parameter in parameters.Where(parameter => parameter.Pattern is not null))
            {
                // What was kept goes and what was not comes, with a value of its own.
                bool[] keep = [.. KeptOf(parameter).Select(kept => !kept)];
                CsrPattern pattern = CsrPattern.FromMask(parameter.Shape[0], parameter.Shape[1], keep);

                parameter.Rewire(pattern);
                parameter.Values.CopyFrom([.. Enumerable.Range(0, pattern.NonZeros).Select(i => 0.4f * MathF.Sin(i))]);

                Assert.Equal(keep, KeptOf(parameter));
                Assert.Equal(pattern.NonZeros, parameter.Gradient.Length);
                Assert.All(parameter.States, state => Assert.Equal(new float[pattern.NonZeros], ToArray(state)));
            }
        });

    private static void Check(ModelParameters shape, IMaskSelection masks, Action<ComputeDevice, ParameterSet>? change = null)
    {
        Batch batch = TinyModel.RandomBatch();
        using HostDevice device = HostDevice.Create(1);
        using ParameterSet parameters = TinyModel.Parameters(device, shape, masks);
        Optimizer optimizer = Optimizer.Create(AnyOptimizer, device, parameters);
        using TrainingStep step = new(device, new GptModel(device, shape, parameters), optimizer, TinyModel.BatchSize, TinyModel.Sequence, seed: 1);

        change?.Invoke(device, parameters);
        StepOutcome outcome = step.ComputeGradients(batch, step: 0);

        Dictionary<string, double[]> weights = parameters.ToDictionary(parameter => parameter.Name, DenseValues);
        ReferenceGpt reference = new(shape, weights);
        Assert.Equal(Loss(reference, batch), outcome.Loss, 1e-5);

        Dictionary<string, double[]> expected = parameters.ToDictionary(
            parameter => parameter.Name, parameter => CentralDifferences(reference, batch, weights[parameter.Name], KeptOf(parameter)));
        double norm = Math.Sqrt(expected.Values.Sum(gradient => gradient.Sum(value => value * value)));
        Assert.Equal(norm, outcome.GradientNorm, 1e-4 * norm);
        foreach (Parameter parameter in parameters)
        {
            CompareGradients(parameter, expected[parameter.Name], norm);
        }
    }

    private static float[] ToArray(DeviceBuffer<float> buffer)
    {
        float[] values = new float[buffer.Length];
        buffer.CopyTo(values);
        return values;
    }

    private static double Loss(ReferenceGpt reference, Batch batch) => reference.Loss(
        TinyModel.BatchSize, TinyModel.Sequence, [.. batch.InputIds], [.. batch.Mask], [.. batch.Labels]);

    /// <summary>float32 rounding through the model is a few parts in a million of the gradient as a whole.</summary>
    private static void CompareGradients(Parameter parameter, double[] expected, double norm)
    {
        float[] actual = new float[parameter.Elements];
        parameter.Expand(parameter.Gradient, actual);
        ImmutableArray<bool> kept = KeptOf(parameter);
        for (int i = 0; i < actual.Length; i++)
        {
            if (kept[i])
            {
                Assert.True(
                    Math.Abs(actual[i] - expected[i]) <= 5e-6 * norm,
                    $"{parameter.Name}[{i}]: gradient {actual[i]}, central difference {expected[i]}, norm of all {norm}");
            }
            else
            {
                Assert.True(float.IsNaN(actual[i]), $"{parameter.Name}[{i}] is pruned and has a gradient");
            }
        }
    }

    private static double[] CentralDifferences(ReferenceGpt reference, Batch batch, double[] weights, ImmutableArray<bool> kept)
    {
        const double Epsilon = 1e-5;
        double[] gradient = new double[weights.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            if (!kept[i])
            {
                continue;
            }

            double original = weights[i];
            weights[i] = original + Epsilon;
            double above = Loss(reference, batch);
            weights[i] = original - Epsilon;
            gradient[i] = (above - Loss(reference, batch)) / (2 * Epsilon);
            weights[i] = original;
        }

        return gradient;
    }

    private static double[] DenseValues(Parameter parameter)
    {
        float[] dense = new float[parameter.Elements];
        parameter.Expand(parameter.Values, dense);
        return [.. dense.Select(value => float.IsNaN(value) ? 0.0 : value)];
    }

    private static ImmutableArray<bool> KeptOf(Parameter parameter)
    {
        float[] dense = new float[parameter.Elements];
        parameter.Expand(parameter.Values, dense);
        return [.. dense.Select(value => !float.IsNaN(value))];
    }
}
