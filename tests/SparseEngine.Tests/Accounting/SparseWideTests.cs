using System.Text.RegularExpressions;
using SparseEngine.Accounting;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Sparsity;
using SparseEngine.Tests.Configuration;

namespace SparseEngine.Tests.Accounting;

public sealed class SparseWideTests
{
    // GPT-2 small and GPT-3 small have the same shape: 12 layers, hidden 768, 12 heads, filter 3072.
    private static readonly RunParameters Small = RunParametersReader.ReadFile(TestData.PathOf("configs", "params_gpt2_small.yaml")).Parameters;

    [Fact]
    public void GPT_3_small_at_50_percent_gets_the_published_widths()
    {
        string published = File.ReadAllText(TestData.PathOf("configs", "trainer_gpt3_125m_sparsewide-ift_static50.yaml"));

        SparseWideRun run = SparseWideRun.Of(Small, Number(published, "sparsity"), AttentionCounting.Full);

        ModelParameters widened = run.Widened.Run.Model;
        Assert.Equal(Number(published, "hidden_size"), widened.HiddenSize);
        Assert.Equal(Number(published, "filter_size"), widened.FilterSize);
        Assert.Equal((Number(published, "num_heads"), Number(published, "num_hidden_layers")), (widened.Heads, widened.Layers));
        Assert.Equal(Small.Model with { HiddenSize = 1092, FilterSize = 4368 }, widened);
    }

    [Theory]
    [InlineData(0.0, 768, 3072)]
    [InlineData(0.5, 1092, 4368)]
    [InlineData(0.75, 1536, 6144)]
    [InlineData(0.9, 2424, 9696)]
    public void The_decoders_linear_layers_keep_their_FLOPs_up_to_the_rounding_to_heads(double sparsity, int hidden, int filter)
    {
        SparseWideRun run = SparseWideRun.Of(Small, sparsity, AttentionCounting.Full);

        Assert.Equal((hidden, filter), (run.Widened.Run.Model.HiddenSize, run.Widened.Run.Model.FilterSize));
        double rounding = Math.Pow(hidden / (768 * SparseWide.Factor(sparsity)), 2);
        Assert.Equal(rounding, run.Widened.ForwardOf(LayerPart.Linear).Executed / run.Given.ForwardOf(LayerPart.Linear).Executed, 1e-6);
        Assert.InRange(rounding, 0.99, 1.02);

        // What has no sparse weights grows with the width.
        double width = hidden / 768.0;
        Assert.Equal(width, run.Widened.ForwardOf(LayerPart.Head).Executed / run.Given.ForwardOf(LayerPart.Head).Executed, 1e-12);
        Assert.Equal(width, run.Widened.ForwardOf(LayerPart.Attention).Executed / run.Given.ForwardOf(LayerPart.Attention).Executed, 1e-12);
    }

    [Fact]
    public void The_YAML_differs_from_the_users_in_two_lines_and_the_section_at_its_end()
    {
        string[] given = File.ReadAllLines(Small.File);

        string[] widened = SparseWideRun.Of(Small, 0.5, AttentionCounting.Full).Yaml.Split('\n');

        Assert.Equal(
            ["    hidden_size: 768 -> hidden_size: 1092", "    filter_size: 3072 -> filter_size: 4368"],
            given.Zip(widened).Where(lines => lines.First != lines.Second).Select(lines => $"{lines.First} -> {lines.Second.Trim()}"));
        Assert.Equal(["sparsity:", "  sparsity: 0.5", "  init_method: random", ""], widened[^4..]);
    }

    [Theory]
    [InlineData("  hidden_size: 32", "  \"hidden_size\" :   32   # the width")]
    [InlineData("  hidden_size: 32\n", "  hidden_size:\n    32\n")]
    [InlineData("  hidden_size: 32", "  hidden_size: 99\n  hidden_size: 0x20")]
    [InlineData(
        "model:\n  vocab_size: 256\n  hidden_size: 32\n  num_hidden_layers: 2\n  num_heads: 4\n  filter_size: 128",
        "model: {vocab_size: 256, hidden_size: 32, num_hidden_layers: 2, num_heads: 4, filter_size: 128}")]
    [InlineData("\n", "\r\n")]
    [InlineData("  seed: 1\n", "  seed: 1")]
    public void Any_way_to_write_the_widths_in_their_place_is_rewritten(string written, string otherwise)
    {
        using TemporaryDirectory folder = new();
        RunParameters given = Read(folder, YamlRun.Minimal.Replace(written, otherwise, StringComparison.Ordinal));

        SparseWideRun run = SparseWideRun.Of(given, 0.75, AttentionCounting.Causal);

        run.Write(Path.Combine(folder.Path, "wide.yaml"), overwrite: false);
        RunParameters read = RunParametersReader.ReadFile(Path.Combine(folder.Path, "wide.yaml")).Parameters;
        Assert.Equal(given.Model with { HiddenSize = 64, FilterSize = 256 }, read.Model);
        Assert.Equal(0.75, Assert.Single(read.Sparsity!.Groups).Sparsity);
        Assert.Equal(otherwise.Contains('\r', StringComparison.Ordinal), run.Yaml.Contains("sparsity:\r\n", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("  hidden_size: 32", "  hidden_size: &width 32")]
    [InlineData("model:\n  vocab_size: 256\n  hidden_size: 32", "model:\n  vocab_size: &width 32\n  hidden_size: *width")]
    [InlineData("  seed: 1\n", "  seed: 1\n...\n")]
    public void A_file_that_cannot_be_changed_in_these_places_alone_is_refused(string written, string otherwise)
    {
        using TemporaryDirectory folder = new();
        RunParameters given = Read(folder, YamlRun.Minimal.Replace(written, otherwise, StringComparison.Ordinal));

        ConfigurationException error = Assert.Throws<ConfigurationException>(() => SparseWideRun.Of(given, 0.5, AttentionCounting.Full));

        Assert.StartsWith($"{given.File}: it cannot be widened as it is laid out", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sparse_run_and_a_width_beyond_all_arrays_are_refused()
    {
        using TemporaryDirectory folder = new();
        RunParameters sparse = Read(folder, YamlRun.Minimal + "sparsity:\n  sparsity: 0.5\n  init_method: random\n");

        string given = Assert.Throws<ConfigurationException>(() => SparseWideRun.Of(sparse, 0.5, AttentionCounting.Full)).Message;
        string wide = Assert.Throws<ConfigurationException>(() => SparseWide.Widen(Small.Model, 0.9999999)).Message;

        Assert.Equal($"{sparse.File}:19:1: sparsity is given already; Sparse Wide starts from a dense run: leave it out", given);
        Assert.StartsWith("sparsity 0.9999999 widens hidden_size to 2428", wide, StringComparison.Ordinal);
    }

    private static double Number(string yaml, string key) =>
        double.Parse(Regex.Match(yaml, $@"^\s+{key}: ([0-9.]+)", RegexOptions.Multiline).Groups[1].Value);

    private static RunParameters Read(TemporaryDirectory folder, string yaml)
    {
        string path = Path.Combine(folder.Path, "params.yaml");
        File.WriteAllText(path, yaml);
        return RunParametersReader.ReadFile(path).Parameters;
    }
}
