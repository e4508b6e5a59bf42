using SparseEngine.Tests.Shared;

namespace SparseEngine.Cli.Tests;

/// <summary>GPT-2s of Hugging Face as people have them, which is not always as they were published.</summary>
public sealed class HuggingFaceFileTests : IDisposable
{
    private const string Table = "model.embedding_layer.word_embeddings.weight";
    private const string Head = "lm_head.weight";

    private static readonly string Untied = PublishedGpt2.Config.Replace(
        "\"vocab_size\"", "\"tie_word_embeddings\": false, \"vocab_size\"", StringComparison.Ordinal);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("transformer.")]
    public async Task The_head_of_a_tied_model_is_its_token_table_where_the_file_has_no_other(string prefix)
    {
        PublishedGpt2 gpt2 = new();
        Save(PublishedGpt2.Config, gpt2.Stored(prefix).Select(tensor => tensor.Name == $"{prefix}wte.weight" ? tensor with { Name = Head } : tensor));

        ProgramResult result = await ConvertAsync(0);

        Assert.Equal("", result.Errors);
        Assert.Equal(gpt2.Values["wte.weight"], Converted()[Table]);
    }

    [Fact]
    public async Task A_head_of_an_untied_model_whose_config_says_tied_is_left_out_with_a_warning_that_says_how_to_keep_it()
    {
        PublishedGpt2 gpt2 = new(tied: false);
        gpt2.Save(folder.File("gpt2"), prefix: "transformer.");

        ProgramResult tied = await ConvertAsync(0);
        Dictionary<string, float[]> without = Converted();
        gpt2.Save(folder.File("gpt2"), Untied, "transformer.");
        ProgramResult untied = await ConvertAsync(0, "--force");

        string config = Path.Combine("gpt2", "config.json");
        Assert.Equal(
            $"{Path.Combine("gpt2", "model.safetensors")}: lm_head.weight differs from transformer.wte.weight and was left out: "
            + $"{config} makes the model a tied one, by tie_word_embeddings: true or without it; "
            + $"if the head is one of its own, write \"tie_word_embeddings\": false there and convert anew{Environment.NewLine}",
            tied.Errors);
        Assert.False(without.ContainsKey("model.lm_head.weight"));
        Assert.Equal("", untied.Errors);
        Assert.Equal(gpt2.Values[Head], Converted()["model.lm_head.weight"]);
    }

    [Fact]
    public async Task A_head_that_repeats_the_token_table_is_left_out_in_silence()
    {
        PublishedGpt2 gpt2 = new();
        float[] table = gpt2.Values["wte.weight"];
        gpt2.Add(Head, [PublishedGpt2.Vocabulary, PublishedGpt2.Hidden], i => table[i]);
        gpt2.Save(folder.File("gpt2"));

        ProgramResult result = await ConvertAsync(0);

        Assert.Equal("", result.Errors);
        Assert.Equal(table, Converted()[Table]);
    }

    [Theory]
    [InlineData(false, "5 normalizations, first h.0.ln_1.bias")]
    [InlineData(true, "5 normalizations and 8 linear layers, first h.0.ln_1.bias")]
    public async Task Normalizations_without_biases_are_refused_in_a_line_that_says_so(bool linearToo, string expected)
    {
        Save(PublishedGpt2.Config, new PublishedGpt2().Stored().Where(tensor => !IsBias(tensor.Name, linearToo)));

        ProgramResult result = await ConvertAsync(1);

        Assert.Equal(
            $"{Path.Combine("gpt2", "model.safetensors")}: lacks the biases of {expected}; a model without them has "
            + $"norm_type biasless-layernorm, and with biases of zeros in the file it is the same model{Environment.NewLine}",
            result.Errors);

        static bool IsBias(string name, bool linearToo) =>
            name.EndsWith(".bias", StringComparison.Ordinal) && (linearToo || name.Contains("ln_", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("_orig_mod.")]
    [InlineData("module.")]
    [InlineData("module._orig_mod.")]
    [InlineData("_orig_mod.module.")]
    public async Task What_compiling_and_data_parallel_training_put_before_the_names_is_taken_off(string wrapper)
    {
        PublishedGpt2 gpt2 = new(tied: false);
        Save(Untied, gpt2.Stored("transformer.").Select(tensor => tensor with { Name = wrapper + tensor.Name }));

        ProgramResult result = await ConvertAsync(0);

        Assert.Equal("", result.Errors);
        Assert.Equal(gpt2.Values["wte.weight"], Converted()[Table]);
        Assert.Equal(gpt2.Values[Head], Converted()["model.lm_head.weight"]);
    }

    [Fact]
    public async Task One_parameter_under_two_names_is_an_error()
    {
        StoredTensor[] tensors = [.. new PublishedGpt2().Stored()];
        Save(PublishedGpt2.Config, [.. tensors, tensors.Single(tensor => tensor.Name == "wte.weight") with { Name = "module.wte.weight" }]);

        ProgramResult result = await ConvertAsync(1);

        Assert.Equal(
            $"{Path.Combine("gpt2", "model.safetensors")}: has both wte.weight and module.wte.weight, which are one parameter{Environment.NewLine}",
            result.Errors);
    }

    private void Save(string config, IEnumerable<StoredTensor> tensors)
    {
        Directory.CreateDirectory(folder.File("gpt2"));
        folder.Write("gpt2/config.json", config);
        File.WriteAllBytes(folder.File("gpt2", "model.safetensors"), StoredTensor.File([.. tensors]));
    }

    private async Task<ProgramResult> ConvertAsync(int exitCode, params string[] options) =>
        (await ProgramProcess.RunAsync(folder.Location, ["convert", "-i", "gpt2", "-o", "gpt2.mdl", .. options])).EndsWith(exitCode);

    private Dictionary<string, float[]> Converted() =>
        CheckpointFiles.Read(folder.File("gpt2.mdl")).ToDictionary(tensor => tensor.Name, tensor => tensor.Elements);
}
