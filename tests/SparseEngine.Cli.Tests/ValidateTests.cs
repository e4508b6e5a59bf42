namespace SparseEngine.Cli.Tests;

public class ValidateTests
{
    [Theory]
    [InlineData("--validate_only")]
    [InlineData("--compile_only")]
    public async Task Describing_GPT_2_lists_its_72_sparse_weights_and_touches_neither_data_nor_disk(string option)
    {
        using TemporaryFolder folder = new();
        folder.Write("params.yaml", """
            train_input: {data_processor: GptHDF5DataProcessor, data_dir: ./no/such/folder/, max_sequence_length: 1024, batch_size: 32, shuffle: True}
            model:
              vocab_size: 50257
              hidden_size: 768
              num_hidden_layers: 12
              dropout_rate: 0.1
              num_heads: 12
              attention_type: scaled_dot_product
              filter_size: 3072
              mixed_precision: True
            sparsity: {sparsity: 0.3, init_method: random, seed: 1234}
            optimizer: {optimizer_type: AdamW, learning_rate: 1.0e-4}
            runconfig: {max_steps: 1000}
            """);

        ProgramResult result = (await ProgramProcess.RunAsync(folder.Location, "run", "CPU", "-p", "params.yaml", "-m", "train", option)).EndsWith(0);

        List<string[]> rows = result.Output.Split(Environment.NewLine)
            .Select(line => line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Where(cells => cells is [string name, ..] && name.StartsWith("model.", StringComparison.Ordinal))
            .ToList();
        Assert.Equal(72, rows.Count);

        // Index 4 of the parameters, so seed 1234 + 4; 0.3 * 589,824 = 176,947.2 are dropped.
        Assert.Equal(
            ["model.transformer_decoder.layers.0.self_attn.proj_q_dense_layer.weight", "768 x 768", "0.3", "random", "1238", "412,877", "589,824"],
            rows[0]);
        Assert.Contains("124,439,808", result.Output, StringComparison.Ordinal);
        Assert.Equal(["params.yaml"], Directory.GetFileSystemEntries(folder.Location).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData(
        "sparsity: {sparsity: 0.75, init_method: random, seed: 1, mup_base_density: 1}",
        "muP multiplies learning rates by 4 and initial deviations by 2 in 12 weights")]
    [InlineData(
        "sparsity: {algorithm: gmp, sparsity: [0.5, 0.75], update: {freq: 5, start: 5}, mup_base_density: 0.5}",
        "muP multiplies learning rates by 0.5 and initial deviations by 0.7071 in 12 weights; the masks' last level multiplies learning rates by 2")]
    [InlineData("sparsity: {sparsity: 0.75, init_method: random, seed: 1}", null)]
    public async Task What_sparse_muP_multiplies_is_told(string sparsity, string? line)
    {
        using TemporaryFolder folder = new();
        folder.Write("params.yaml", $$"""
            train_input: {data_processor: GptHDF5DataProcessor, data_dir: ./no/such/folder/, max_sequence_length: 32, batch_size: 4}
            model: {vocab_size: 256, hidden_size: 32, num_hidden_layers: 2, num_heads: 4, filter_size: 64, max_position_embeddings: 32}
            {{sparsity}}
            optimizer: {optimizer_type: AdamW, learning_rate: 1.0e-3}
            runconfig: {max_steps: 14}
            """);

        ProgramResult result = (await ProgramProcess.RunAsync(folder.Location, "run", "CPU", "-p", "params.yaml", "-m", "train", "--validate_only"))
            .EndsWith(0);

        if (line is null)
        {
            Assert.DoesNotContain("muP", result.Output, StringComparison.Ordinal);
        }
        else
        {
            Assert.Contains(line, result.Output, StringComparison.Ordinal);
        }
    }
}
