using System.Text.RegularExpressions;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;

namespace SparseEngine.Tests.Configuration;

public sealed class SparsitySectionTests
{
    private static SparsityParameters? Read(string sparsity) => YamlRun.Read(YamlRun.Minimal + sparsity + "\n").Sparsity;

    private static string[] Errors(string sparsity) => YamlRun.Errors(YamlRun.Minimal + sparsity + "\n");

    [Fact]
    public void Without_patterns_one_group_takes_the_default_weights()
    {
        SparsityParameters sparsity = Read("sparsity:\n  sparsity: 0.3\n  init_method: topk\n  seed: 1234\n  dump_masks: true\n  type: sideband")!;

        Assert.Equal(SparsitySelection.Default, sparsity.Selection);
        Assert.True(sparsity.DumpMasks);
        SparsityGroup group = Assert.Single(sparsity.Groups);
        Assert.Null(group.Pattern);
        Assert.Equal((0.3, SparsityMethod.TopK, 1234), (group.Sparsity, group.Method, group.Seed));
    }

    [Fact]
    public void A_number_alone_is_a_random_mask_of_that_level()
    {
        SparsityParameters sparsity = Read("sparsity: 0.3")!;

        Assert.Equal(SparsitySelection.Default, sparsity.Selection);
        Assert.Equal((0.3, SparsityMethod.Random, null), (sparsity.Groups[0].Sparsity, sparsity.Groups[0].Method, sparsity.Groups[0].Seed));
        Assert.Empty(YamlRun.Warnings(YamlRun.Minimal + "sparsity: 0.3\n"));
    }

    [Theory]
    [InlineData("sparsity:")]
    [InlineData("sparsity: {}")]
    [InlineData("sparsity: ~")]
    public void An_empty_section_is_dense(string sparsity) => Assert.Null(Read(sparsity));

    [Fact]
    public void The_integer_0_is_the_level_0()
    {
        Assert.Equal(0, Read("sparsity: {sparsity: 0, init_method: random}")!.Groups[0].Sparsity);
    }

    [Fact]
    public void One_regex_is_searched_for_anywhere_and_minds_case()
    {
        SparsityGroup group = Assert.Single(Read("sparsity: {sparsity: 0.5, init_method: random, param_name_patterns: 'ffn.*weight'}")!.Groups);

        Assert.Matches(group.Pattern!, "model.transformer_decoder.layers.0.ffn.ffn.0.linear_layer.weight");
        Assert.DoesNotMatch(group.Pattern!, "model.FFN.weight");
        Assert.Equal("params.yaml:19:48", group.Location);
    }

    [Fact]
    public void An_empty_regex_is_found_in_every_name()
    {
        SparsityParameters sparsity = Read("sparsity: {sparsity: 0.5, init_method: random, param_name_patterns: ''}")!;

        Assert.Equal(SparsitySelection.Patterns, sparsity.Selection);
        Assert.Matches(Assert.Single(sparsity.Groups).Pattern!, "model.ln_f.bias");
    }

    [Fact]
    public void A_list_gives_each_regex_the_same_settings()
    {
        SparsityParameters sparsity =
            Read("sparsity:\n  sparsity: 0.5\n  init_method: random\n  seed: 7\n  param_name_patterns:\n  - ffn\n  - attn")!;

        Assert.Equal(SparsitySelection.Patterns, sparsity.Selection);
        Assert.Equal(
            [("ffn", 0.5, 7L, "params.yaml:24:5"), ("attn", 0.5, 7L, "params.yaml:25:5")],
            sparsity.Groups.Select(g => (g.Pattern!.ToString(), g.Sparsity, g.Seed!.Value, g.Location)));
    }

    [Fact]
    public void A_maps_blocks_override_the_section()
    {
        SparsityParameters sparsity = Read(
            """
            sparsity:
              init_method: random
              seed: 7
              param_name_patterns:
                ffn: {sparsity: 0.5}
                attn: {sparsity: 0.6, init_method: topk, seed: 9}
            """)!;

        Assert.Equal(
            [("ffn", 0.5, SparsityMethod.Random, 7L), ("attn", 0.6, SparsityMethod.TopK, 9L)],
            sparsity.Groups.Select(g => (g.Pattern!.ToString(), g.Sparsity, g.Method, g.Seed!.Value)));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    public void An_empty_list_or_map_matches_nothing(string patterns)
    {
        SparsityParameters sparsity = Read($"sparsity: {{sparsity: 0.5, init_method: random, param_name_patterns: {patterns}}}")!;

        Assert.Equal(SparsitySelection.Patterns, sparsity.Selection);
        Assert.Empty(sparsity.Groups);
    }

    [Fact]
    public void A_repeated_pattern_keeps_the_first_place_and_the_last_block()
    {
        SparsityParameters sparsity =
            Read("sparsity:\n  init_method: random\n  param_name_patterns:\n    a: {sparsity: 0.1}\n    b: {sparsity: 0.2}\n    a: {sparsity: 0.3}")!;

        Assert.Equal([("a", 0.3), ("b", 0.2)], sparsity.Groups.Select(g => (g.Pattern!.ToString(), g.Sparsity)));
    }

    [Theory]
    [InlineData("sparsity: {sparsity: 0.5}", "19:1: sparsity.init_method is missing; valid: random, topk, from_zeros, checkerboard")]
    [InlineData("sparsity: {init_method: topk}", "19:1: sparsity.sparsity is missing; valid: a number in [0, 1)")]
    [InlineData(
        "sparsity: {sparsity: 0.5, init_method: topkk}",
        "19:27: sparsity.init_method is \"topkk\"; valid: random, topk, from_zeros, checkerboard")]
    [InlineData("sparsity: {sparsity: 1, init_method: topk}", "19:12: sparsity.sparsity is 1; valid: a number in [0, 1)")]
    [InlineData("sparsity: {sparsity: -0.1, init_method: topk}", "19:12: sparsity.sparsity is -0.1; valid: a number in [0, 1)")]
    [InlineData("sparsity: {sparsity: half, init_method: topk}", "19:12: sparsity.sparsity is \"half\"; valid: a number in [0, 1)")]
    [InlineData("sparsity: {sparsity: 0.5, init_method: topk, seed: -1}", "19:46: sparsity.seed is -1; valid: an integer of at least 0")]
    [InlineData("sparsity: {sparsity: 0.5, init_method: topk, seed: 1.5}", "19:46: sparsity.seed is 1.5; valid: an integer of at least 0")]
    [InlineData(
        "sparsity: {sparsity: 0.5, init_method: topk, type: gmpp}", "19:46: sparsity.type is \"gmpp\"; valid: static, sideband, gmp, set, rigl")]
    [InlineData("sparsity: {sparsity: 0.5, param_filter: []}", "19:27: sparsity.param_filter is an empty list; valid: a glob, or a list of globs")]
    [InlineData(
        "sparsity: {sparsity: 0.5, init_method: topk, in_groups: 2, out_groups: 2}",
        "19:60: sparsity.out_groups and in_groups are both given; give one of them")]
    [InlineData("sparsity: {sparsity: 0.5, init_method: topk, in_groups: 0}", "19:46: sparsity.in_groups is 0; valid: an integer of at least 1")]
    [InlineData(
        "sparsity: {sparsity: 0.5, init_method: topk, param_name_patterns: 5}",
        "19:46: sparsity.param_name_patterns is 5; valid: a regex, a list of regexes, or a map of regexes to settings")]
    [InlineData(
        "sparsity: {sparsity: 0.5, init_method: topk, param_name_patterns: 'a['}",
        "19:46: sparsity.param_name_patterns has \"a[\", which is not a valid regex: unterminated bracket")]
    [InlineData(
        "sparsity: {sparsity: 0.5, init_method: topk, param_name_patterns: [a, 'b(']}",
        "19:71: sparsity.param_name_patterns[1] has \"b(\", which is not a valid regex: insufficient closing parentheses")]
    [InlineData(
        "sparsity: {sparsity: 0.5, init_method: topk, param_name_patterns: [[a]]}",
        "19:68: sparsity.param_name_patterns[0] is a list; valid: a regex")]
    [InlineData(
        "sparsity: {sparsity: 0.5, init_method: topk, param_name_patterns: {'*a': {}}}",
        "19:68: sparsity.param_name_patterns[\"*a\"] has \"*a\", which is not a valid regex: quantifier after nothing")]
    [InlineData(
        "sparsity: {sparsity: 0.5, init_method: topk, param_name_patterns: {a: 0.3}}",
        "19:68: sparsity.param_name_patterns.a is 0.3; valid: a map of settings that override the section's: sparsity, init_method, seed")]
    [InlineData(
        "sparsity: {sparsity: 0.5, init_method: topk, param_name_patterns: {a: }}",
        "19:68: sparsity.param_name_patterns.a is null; valid: a map of settings that override the section's: sparsity, init_method, seed")]
    [InlineData(
        "sparsity: {init_method: topk, param_name_patterns: {'a.*b': {seed: 1}}}",
        "19:53: sparsity.param_name_patterns[\"a.*b\"].sparsity is missing; valid: a number in [0, 1)")]
    [InlineData(
        "sparsity: {sparsity: 2, init_method: topk, param_name_patterns: {a: {seed: 1}, b: {seed: 2}}}",
        "19:12: sparsity.sparsity is 2; valid: a number in [0, 1)")]
    [InlineData("sparsity: 1.5", "19:1: sparsity is 1.5; valid: a map with sparsity and init_method, a list of such maps, or a number in [0, 1)")]
    [InlineData(
        "sparsity: [0.5]",
        "19:12: sparsity[0] is 0.5; valid: a map with sparsity and init_method, a list of such maps, or a number in [0, 1)")]
    public void A_wrong_setting_says_what_would_be_valid(string sparsity, string error) => Assert.Equal(["params.yaml:" + error], Errors(sparsity));

    [Fact]
    public void A_misspelt_setting_of_a_block_is_warned_of_by_its_path()
    {
        const string sparsity = "sparsity: {sparsity: 0.5, init_method: topk, param_name_patterns: {'a.*b': {sed: 1}}}\n";

        Assert.Equal(
            ["params.yaml:19:77: sparsity.param_name_patterns[\"a.*b\"].sed is not a known key; did you mean seed?"],
            YamlRun.Warnings(YamlRun.Minimal + sparsity));
    }

    [Fact]
    public void A_seed_can_exceed_32_bits()
    {
        Assert.Equal(1L << 40, Read("sparsity: {sparsity: 0.5, init_method: topk, seed: 1099511627776}")!.Groups[0].Seed);
    }

    [Theory]
    [InlineData(@"(?P<layer>\d+)\.(?P=layer)", "3.3", "3.4")]
    [InlineData(@"weight\Z", "a.weight", "a.weight\n")]
    [InlineData(@"[](?P<]x", "]x", "x")]
    [InlineData(@"\(?P", "P", "Q")]
    [InlineData(@"proj_[qkv]_dense", "proj_k_dense", "proj_o_dense")]
    public void A_regex_means_what_it_means_in_python(string pattern, string match, string other)
    {
        (Regex? regex, _) = PythonRegex.Compile(pattern);

        Assert.Matches(regex!, match);
        Assert.DoesNotMatch(regex!, other);
    }

    [Fact]
    public void Nested_repetition_that_would_backtrack_for_ages_is_matched_at_once()
    {
        (Regex? regex, _) = PythonRegex.Compile("^(([a-z])+.)+[A-Z]([a-z])+$");

        Assert.DoesNotMatch(regex!, new string('a', 200));
    }
}
