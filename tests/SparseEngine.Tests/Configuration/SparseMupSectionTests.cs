using SparseEngine.Configuration;

namespace SparseEngine.Tests.Configuration;

public sealed class SparseMupSectionTests
{
    private static SparsityParameters Read(string sparsity) => YamlRun.Read($"{YamlRun.Minimal}{sparsity}\n").Sparsity!;

    private static IEnumerable<double?> Densities(SparsityParameters sparsity) => sparsity.Groups.Select(group => group.MupBaseDensity);

    [Theory]
    [InlineData("sparsity: 0.75")]
    [InlineData("sparsity: {sparsity: 0.75, init_method: random}")]
    [InlineData("sparsity: {sparsity: 0.75, init_method: random, mup_base_density: null}")]
    public void Density_changes_nothing_where_no_base_density_is_given(string sparsity) => Assert.Equal([null], Densities(Read(sparsity)));

    [Theory]
    [InlineData("1", 1)]
    [InlineData("0.25", 0.25)]
    [InlineData("5e-1", 0.5)]
    public void A_base_density_is_a_share_above_zero(string written, double expected) =>
        Assert.Equal([expected], Densities(Read($"sparsity: {{sparsity: 0.75, init_method: random, mup_base_density: {written}}}")));

    [Fact]
    public void Groups_have_their_own_in_the_order_of_the_file()
    {
        SparsityParameters sparsity = Read(
            """
            sparsity:
            - {algorithm: rigl, sparsity: 0.9, param_filter: '*proj_[qkv]*', mup_base_density: 0.5}
            - {sparsity: 0.5, param_filter: ['*ffn.0*', '*ffn.1*']}
            """);

        Assert.Equal([0.5, null, null], Densities(sparsity));
    }

    [Fact]
    public void A_maps_blocks_take_the_sections_or_override_it()
    {
        SparsityParameters sparsity = Read(
            """
            sparsity:
              sparsity: 0.5
              init_method: topk
              mup_base_density: 1
              param_name_patterns:
                ffn: {mup_base_density: 0.2}
                attn: {sparsity: 0.8}
            """);

        Assert.Equal([0.2, 1], Densities(sparsity));
    }

    [Fact]
    public void The_trainer_layout_has_it_in_its_groups()
    {
        string yaml = TrainerYaml.With(
            "    seed: 1\n",
            """
                sparsity:
                - {algorithm: gmp, sparsity: [0.5, 0.75], update: 5, param_filter: '*ffn*weight', mup_base_density: 1}
                - {sparsity: 0.5, param_filter: '*attn*weight', mup_base_density: 0.4}

            """);

        Assert.Equal([1, 0.4], Densities(YamlRun.Read(yaml).Sparsity!));
        Assert.DoesNotContain(YamlRun.Warnings(yaml), warning => warning.Contains("mup_base_density", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("0", "is 0; valid: a number in (0, 1]")]
    [InlineData("-1", "is -1; valid: a number in (0, 1]")]
    [InlineData("1.5", "is 1.5; valid: a number in (0, 1]")]
    [InlineData("dense", "is \"dense\"; valid: a number in (0, 1]")]
    public void What_is_no_density_is_told_where_it_stands(string written, string error) =>
        Assert.Equal(
            [$"params.yaml:19:49: sparsity.mup_base_density {error}"],
            YamlRun.Errors($"{YamlRun.Minimal}sparsity: {{sparsity: 0.75, init_method: random, mup_base_density: {written}}}\n"));

    [Fact]
    public void A_slip_of_the_key_is_told_with_the_nearest_name() =>
        Assert.Equal(
            ["params.yaml:19:49: sparsity.mup_base_densty is not a known key; did you mean mup_base_density?"],
            YamlRun.Warnings($"{YamlRun.Minimal}sparsity: {{sparsity: 0.75, init_method: random, mup_base_densty: 1}}\n"));

    [Theory]
    [InlineData("initializer: xavier_uniform", "model.initializer is XavierUniform")]
    [InlineData("output_layer_initializer: {name: uniform}", "model.output_layer_initializer is Uniform")]
    public void Initializers_that_cannot_be_scaled_are_refused_outside_of_mup_too(string initializer, string error)
    {
        string yaml = $"{ModelYaml.InSections(initializer)}sparsity: {{sparsity: 0.75, init_method: random, mup_base_density: 1}}\n";

        Assert.Equal([$"params.yaml:11:3: {error}, which mup_base_density cannot scale; valid: normal, truncated_normal"], YamlRun.Errors(yaml));
        Assert.Equal(
            [$"params.yaml:13:3: {error}, which muP cannot scale; valid: normal, truncated_normal"],
            YamlRun.Errors(yaml.Replace(
                "num_heads: 4\n", "num_heads: 4\n  mup_base_hidden_size: 8\n  mup_base_filter_size: 32\n", StringComparison.Ordinal)));
    }
}
