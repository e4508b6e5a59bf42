using System.Text;
using SparseEngine.Checkpoints;
using SparseEngine.Checkpoints.HuggingFace;
using SparseEngine.Checkpoints.HuggingFace.Layouts;
using SparseEngine.Tests.Shared;

namespace SparseEngine.Tests.Robustness;

/// <summary>Damaged JSON files beside a checkpoint: the index of its shards and the config.json of its model.</summary>
[Collection(Trial.Alone)]
public sealed class DamagedJsonTests : IDisposable
{
    private const int Cases = 60;
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void A_damaged_index_ends_in_tensors_or_one_line()
    {
        string[] names = [.. Enumerable.Range(0, 8).Select(i => $"h.{i}.attn.c_attn.weight")];
        foreach (int shard in (int[])[1, 2])
        {
            SafetensorsWriter.Write(
                directory.File($"model-{shard}.safetensors"),
                [.. names.Where((_, i) => i % 2 == shard - 1).Select(name => new TensorWriter(name, [2, 3], values => values.Fill(1)))]);
        }

        string index = $"{{\"metadata\": {{\"total_size\": 192}}, \"weight_map\": "
            + $"{{{string.Join(", ", names.Select((name, i) => $"\"{name}\": \"model-{(i % 2) + 1}.safetensors\""))}}}}}";
        Try("model.safetensors.index.json", index, path =>
        {
            using CheckpointReader reader = CheckpointReader.Open(path);
            foreach (string name in reader.Names)
            {
                reader.Read(name, new float[6]);
            }
        });
    }

    [Fact]
    public void A_damaged_config_ends_in_a_model_or_one_line() => Try(
        "config.json",
        """
        {"model_type": "gpt2", "n_embd": 64, "n_head": 4, "n_layer": 2, "n_positions": 32, "n_inner": null, "vocab_size": 300,
         "activation_function": "gelu_new", "layer_norm_epsilon": 1e-05, "initializer_range": 0.02, "resid_pdrop": 0.1, "tie_word_embeddings": true}
        """,
        path => ConfigFile.Read(path));

    [Theory]
    [InlineData("SmolLM")]
    [InlineData("Llama 3.1")]
    [InlineData("Pythia")]
    [InlineData("GPT-J")]
    [InlineData("Falcon-40B")]
    [InlineData("BLOOM")]
    public void A_damaged_config_beside_whole_weights_ends_in_a_checkpoint_or_one_line(string name)
    {
        PublishedModel model = PublishedModels.Create(name);
        model.Save(directory.File("there"));
        Try(Path.Combine("there", "config.json"), model.Config, path => CheckpointConversion.Convert(
            new ConversionRequest(Path.GetDirectoryName(path)!, directory.File("here.mdl"), Force: true)));
    }

    [Theory]
    [InlineData("\"\\ud800\"")]
    [InlineData("1e999999999")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")]
    [InlineData("\"two\\nlines\"")]
    public void A_hostile_value_ends_in_one_line(string value)
    {
        string path = directory.File("config.json");
        string[] keys = ["model_type", "n_embd", "activation_function", "layer_norm_epsilon", "tie_word_embeddings", "\\ud800"];
        Trial.All<CheckpointException>(keys.Select<string, (string, Action)>(key => (key, () =>
        {
            File.WriteAllText(path, $"{{\"{key}\": {value}}}");
            ConfigFile.Read(path);
        })));
    }

    private void Try(string name, string whole, Action<string> load) => Trial.All<CheckpointException>(
        Enumerable.Range(0, Cases).Select<int, (string, Action)>(seed =>
        {
            string path = directory.File(name);
            return ($"seed {seed}", () =>
            {
                File.WriteAllBytes(path, Damage.Of(Encoding.UTF8.GetBytes(whole), seed));
                load(path);
            });
        }));
}
