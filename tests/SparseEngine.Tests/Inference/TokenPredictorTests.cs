using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Inference;
using SparseEngine.Kernels;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Kernels.Gpu;
using SparseEngine.Kernels.Host;
using SparseEngine.Models;
using SparseEngine.Tests.Models;
using SparseEngine.Tests.Training;

namespace SparseEngine.Tests.Inference;

/// <summary>Prediction with kept keys and values against the model's forward pass over the whole text.</summary>
public class TokenPredictorTests
{
    private const double Tolerance = 1e-4;

    public static TheoryData<string, string, int, int> Checkpoints => new()
    {
        // The window has 32 tokens: prompts within it, that fill it, and beyond it.
        { "tiny-dense", "host", 1, 200 }, { "tiny-dense", "host", 16, 100 }, { "tiny-dense", "host", 17, 100 }, { "tiny-dense", "host", 32, 20 },
        { "tiny-dense", "host", 50, 20 },
        { "tiny-random75", "host", 1, 200 }, { "tiny-random75", "host", 16, 100 }, { "tiny-random75", "host", 17, 100 },
        { "tiny-random75", "host", 33, 20 }, { "tiny-topk-groups", "host", 1, 200 }, { "tiny-topk-groups", "host", 17, 100 },
        { "tiny-dense", "ilgpu-cpu", 17, 20 }, { "tiny-random75", "ilgpu-cpu", 1, 35 },
    };

    public static TheoryData<ModelParameters> Variants =>
    [
        TinyModel.Shape with { EmbeddingLayerNorm = true },
        TinyModel.Shape with
        {
            PositionEmbedding = PositionEmbedding.None, UseProjectionBiasInAttention = false, UseFfnBiasInAttention = false, UseFfnBias = false,
        },
        TinyModel.Shape with { ShareEmbeddingWeights = false, UseBiasInOutput = true, Layers = 1 },
        TinyModel.Shape with { ScaledAttention = false, Heads = 1, Layers = 3 },
        TinyModel.Shape with { Heads = 8, DropoutRate = 0.5, AttentionDropoutRate = 0.5, EmbeddingDropoutRate = 0.5 },
        .. FamilyModels.All.Values,
    ];

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Greedy_tokens_of_a_trained_model_are_those_of_its_full_forward_pass(string name, string deviceName, int promptLength, int count)
    {
        using ComputeDevice device = DeviceChoice.Parse(deviceName).Open(threads: 1);
        ModelParameters shape = RunParametersReader.ReadFile(TestRun.Data(name, "params.yaml")).Parameters.Model;
        using CheckpointReader checkpoint = CheckpointReader.Open(TestRun.Data(name, "final.safetensors"));
        using ParameterSet parameters = InferenceParameters.Load(device, shape, checkpoint);

        CheckGreedy(device, new GptModel(device, shape, parameters), promptLength, count);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    public void Greedy_tokens_are_those_of_the_full_forward_pass_for_hundreds_of_tokens_and_beyond_the_window(bool sparse, int threads)
    {
        using HostDevice device = HostDevice.Create(threads);
        ModelParameters shape = TinyModel.Shape with { MaxPositionEmbeddings = 300 };
        using ParameterSet parameters = TinyModel.Parameters(device, shape, sparse ? TinyModel.HalfOfLinearWeights : TinyModel.Nothing);

        CheckGreedy(device, new GptModel(device, shape, parameters), promptLength: 17, count: 310);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Logits_are_those_of_the_full_forward_pass_for_every_kind_of_model(ModelParameters variant)
    {
        using HostDevice device = HostDevice.Create(1);
        ModelParameters shape = variant with { MaxPositionEmbeddings = 24 };
        using ParameterSet parameters = TinyModel.Parameters(device, shape, TinyModel.HalfOfLinearWeights);
        GptModel model = new(device, shape, parameters);
        using TokenPredictor predictor = new(device, model, longest: 40);
        int[] text = RandomText(shape, 40);

        // The prompt, one token, several, and then one by one.
        foreach ((int from, int to) in (IEnumerable<(int, int)>)[(0, 3), (3, 4), (4, 9), .. Enumerable.Range(9, 31).Select(i => (i, i + 1))])
        {
            AssertSame(FullLogits(device, model, text[..to]), predictor.Append(text.AsSpan(from, to - from)), $"{to} tokens");
        }
    }

    [Fact]
    public void A_token_takes_the_non_zeros_of_the_weights_once_and_the_kept_keys_and_values_once()
    {
        Profile profile = new();
        using HostDevice device = HostDevice.Create(1);
        device.Profile = profile;
        ModelParameters shape = TinyModel.Shape with { MaxPositionEmbeddings = 64 };
        using ParameterSet parameters = TinyModel.Parameters(device, shape, TinyModel.HalfOfLinearWeights);
        using TokenPredictor predictor = new(device, new GptModel(device, shape, parameters), longest: 64);
        predictor.Append(RandomText(shape, 40));
        IReadOnlyList<OperationTotal> before = profile.Totals;

        predictor.Append(3);

        long sparseWeights = parameters.Where(parameter => parameter.Pattern is not null).Sum(parameter => (long)parameter.NonZeros);
        Assert.Equal(6 * shape.Layers, Added("SpMM").Calls);
        Assert.Equal(2 * sparseWeights, Added("SpMM").Flops);
        Assert.Equal(1, Added("GEMM").Calls);
        Assert.Equal(2 * shape.VocabularySize * shape.HiddenSize, Added("GEMM").Flops);
        Assert.Equal(4 * shape.HiddenSize * 41 * shape.Layers, Added("cached attention").Flops);
        Assert.Equal(0, Added("attention").Calls);

        (long Calls, double Flops) Added(string operation)
        {
            OperationTotal? then = before.SingleOrDefault(total => total.Name == operation);
            OperationTotal? now = profile.Totals.SingleOrDefault(total => total.Name == operation);
            return ((now?.Calls ?? 0) - (then?.Calls ?? 0), (now?.Flops ?? 0) - (then?.Flops ?? 0));
        }
    }

    [Fact]
    public void A_token_neither_allocates_memory_of_an_accelerator_nor_waits_for_it_but_to_read_its_logits()
    {
        using IlgpuDevice device = IlgpuDevice.Create(AcceleratorKind.Cpu);
        ModelParameters shape = TinyModel.Shape with { MaxPositionEmbeddings = 64 };
        using ParameterSet parameters = TinyModel.Parameters(device, shape, TinyModel.HalfOfLinearWeights);
        using TokenPredictor predictor = new(device, new GptModel(device, shape, parameters), longest: 64);
        predictor.Append(RandomText(shape, 10));
        predictor.Append(3);
        (int allocations, int synchronizations) = (device.Allocations, device.Synchronizations);

        for (int i = 0; i < 20; i++)
        {
            predictor.Append(i % shape.VocabularySize);
        }

        Assert.Equal((allocations, synchronizations + 20), (device.Allocations, device.Synchronizations));
    }

    private static void CheckGreedy(ComputeDevice device, GptModel model, int promptLength, int count)
    {
        List<int> text = [.. RandomText(model.Shape, promptLength)];
        using TokenPredictor predictor = new(device, model, promptLength + count);
        int[] added = [.. text];
        for (int i = 0; i < count; i++)
        {
            float[] expected = FullLogits(device, model, [.. text]);
            ReadOnlySpan<float> actual = predictor.Append(added);
            AssertSame(expected, actual, $"{text.Count} tokens");
            int next = Likeliest(actual);
            Assert.Equal(Likeliest(expected), next);
            text.Add(next);
            added = [next];
        }
    }

    /// <summary>The logits after a text, of a forward pass over its last tokens that the model has positions for.</summary>
    private static float[] FullLogits(ComputeDevice device, GptModel model, int[] text)
    {
        int[] seen = text[^Math.Min(text.Length, model.Shape.MaxPositionEmbeddings)..];
        using GptWorkspace workspace = new(device, model.Shape, batch: 1, seen.Length, training: false);
        workspace.InputIds.CopyFrom(seen);
        model.Forward(workspace);
        DeviceMatrix logits = device.AllocateActivations(model.Shape.VocabularySize, seen.Length);
        using DeviceBuffer<float> buffer = logits.Buffer;
        model.Logits(workspace.Normalized, logits);
        float[] contents = new float[buffer.Length];
        buffer.CopyTo(contents);
        return [.. Enumerable.Range(0, logits.Rows).Select(token => contents[logits.Offset + (token * logits.Stride) + seen.Length - 1])];
    }

    private static int[] RandomText(ModelParameters shape, int length)
    {
        Random random = new(7);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(shape.VocabularySize))];
    }

    private static int Likeliest(ReadOnlySpan<float> logits) => logits.IndexOf(logits.ToArray().Max());

    private static void AssertSame(float[] expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int token = 0; token < expected.Length; token++)
        {
            double difference = Math.Abs(expected[token] - actual[token]);
            Assert.True(difference <= Tolerance, $"after {what} the logit of {token} is {actual[token]}, not {expected[token]}");
        }
    }
}
