using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Inference;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;
using SparseEngine.Models;
using SparseEngine.Tests.Models;
using SparseEngine.Tests.Training;

namespace SparseEngine.Tests.Inference;

public class TextGeneratorTests
{
    [Fact]
    public void Greedy_generation_takes_the_likeliest_byte_of_a_float64_model_beyond_its_window()
    {
        using TestRun run = new();
        string checkpoint = run.With(config => config with { MaxSteps = 40 }).Execute().CheckpointPath!;
        Dictionary<string, double[]> weights = GptArchitecture.Parameters(run.Parameters.Model).ToDictionary(
            definition => definition.Name,
            definition => TestRun.Tensor(checkpoint, definition.Name).Select(value => float.IsNaN(value) ? 0.0 : value).ToArray());
        ReferenceGpt reference = new(run.Parameters.Model, weights);
        byte[] prompt = [.. "The quick brown fox"u8];

        using HostDevice device = HostDevice.Create(1);
        using TextGenerator generator = TextGenerator.Open(checkpoint, device);
        byte[] generated = [.. generator.Generate("The quick brown fox", maxTokens: 24, temperature: 0)];

        Assert.Equal(24, generated.Length);
        List<int> text = [.. prompt.Select(value => (int)value)];
        foreach (byte next in generated)
        {
            double[] logits = reference.Logits(text.TakeLast(32).ToArray())[^1];
            Assert.True(logits[next] >= logits.Max() - 1e-4, $"byte {next} after {text.Count} is not the likeliest");
            text.Add(next);
        }
    }

    [Fact]
    public void A_seed_gives_one_text_and_another_seed_another()
    {
        using TestRun run = new();
        string checkpoint = run.Execute().CheckpointPath!;
        using HostDevice device = HostDevice.Create(1);
        using TextGenerator generator = TextGenerator.Open(checkpoint, device);

        Assert.Equal(generator.Generate("a", 20, 1, 0, seed: 5), generator.Generate("a", 20, 1, 0, seed: 5));
        Assert.NotEqual(generator.Generate("a", 20, 1, 0, seed: 5), generator.Generate("a", 20, 1, 0, seed: 6));
        Assert.Equal(4, generator.Generate("", 4).Count());
    }

    [Fact]
    public void A_checkpoint_that_does_not_name_its_model_is_an_error()
    {
        using HostDevice device = HostDevice.Create(1);
        string path = TestRun.Data("tiny-dense", "final.safetensors");
        Assert.StartsWith(
            $"{path}: does not say what model it holds", Assert.Throws<CheckpointException>(() => TextGenerator.Open(path, device)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_can_be_read_again_and_two_can_be_read_in_turn()
    {
        using TestRun run = new();
        string checkpoint = run.Execute().CheckpointPath!;
        using HostDevice device = HostDevice.Create(1);
        using TextGenerator generator = TextGenerator.Open(checkpoint, device);

        IEnumerable<byte> first = generator.Generate("a", 40, 1, 0, seed: 5);
        IEnumerable<byte> second = generator.Generate("The quick brown fox", 40, 1, 0, seed: 6);
        byte[] alone = [.. first];

        Assert.Equal(alone, first);
        Assert.Equal(alone.Zip([.. second]), first.Zip(second));
    }

    [Fact]
    public void A_nucleus_of_one_token_is_greedy()
    {
        using TestRun run = new();
        string checkpoint = run.Execute().CheckpointPath!;
        using HostDevice device = HostDevice.Create(1);
        using TextGenerator generator = TextGenerator.Open(checkpoint, device);

        Assert.Equal(generator.Generate("a", 20, temperature: 0), generator.Generate("a", 20, temperature: 1, topK: 0, topP: 1e-9));
        Assert.Throws<ArgumentOutOfRangeException>(() => generator.Generate("a", 1, topP: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => generator.Generate("a", 1, topP: 1.1));
        Assert.Empty(generator.Generate("a", 0));
    }

    [Fact]
    public void A_model_description_survives_the_checkpoint()
    {
        ModelParameters model = TinyModel.Shape with
        {
            Nonlinearity = Activation.SquaredRelu, Initializer = new InitializerParameters(InitializerKind.Uniform, 0, 1, -0.5, 0.5),
        };

        Assert.Equal(model, ModelDescription.Read(ModelDescription.Write(model)));
        Assert.Null(ModelDescription.Read("{}"));
        Assert.Null(ModelDescription.Read("not json"));
    }
}
