using SparseEngine.Configuration;

namespace SparseEngine.Tests.Configuration;

public sealed class DynamicSparsitySectionTests
{
    private static SparsityParameters Read(string sparsity) => YamlRun.Read(YamlRun.Minimal + sparsity + "\n").Sparsity!;

    private static DynamicSparsity Dynamic(string settings) => Assert.Single(Read($"sparsity: {{{settings}}}").Groups).Dynamic!;

    [Fact]
    public void Every_setting_has_model_zoos_default()
    {
        SparsityGroup group = Assert.Single(Read("sparsity: {algorithm: rigl, sparsity: 0.75}").Groups);

        Assert.Equal(SparsityMethod.Random, group.Method);
        Assert.Equal(
            new DynamicSparsity(SparsityAlgorithm.RigL, new ConstantValue(0.75), new PeriodicUpdates(1), new ConstantValue(0.3)), group.Dynamic);
    }

    [Theory]
    [InlineData("type: gmp", SparsityAlgorithm.Gmp)]
    [InlineData("algorithm: set", SparsityAlgorithm.Set)]
    [InlineData("algorithm: RigL", SparsityAlgorithm.RigL)]
    public void Both_names_of_the_algorithms_key_are_read(string key, SparsityAlgorithm algorithm) =>
        Assert.Equal(algorithm, Dynamic($"sparsity: 0.5, {key}").Algorithm);

    public static TheoryData<string, HyperparameterSchedule> Schedules() => new()
    {
        { "0.5", new ConstantValue(0.5) },
        { "{type: constant, value: 0.5}", new ConstantValue(0.5) },
        { "{type: linear, init: 0.1, slope: 0.01}", new LinearValue(0.1, 0.01) },
        { "{type: exp, init: 0, gamma: -0.12}", new ExponentialValue(0, -0.12, 1) },
        { "{type: exp, init: 0, gamma: -0.12, final: 0.9}", new ExponentialValue(0, -0.12, 0.9) },
        { "{type: power, init: 0.9, beta: 0.99}", new PowerValue(0.9, 0.99) },
        { "{type: cosine, init: 0.3, half_period: 20}", new CosineValue(0.3, 20, 0) },
        { "{type: cosine, init: 0.3, half_period: 20, minimum: 0.1}", new CosineValue(0.3, 20, 0.1) },
        { "{type: cycling, values: [0.3, 0.6]}", new CyclingValue([0.3, 0.6]) },
        { "[0.3, 0.6, 0.9]", new CyclingValue([0.3, 0.6, 0.9]) },
    };

    [Theory]
    [MemberData(nameof(Schedules))]
    public void A_level_can_be_any_schedule(string level, HyperparameterSchedule expected)
    {
        Assert.Equal(expected, Dynamic($"algorithm: gmp, sparsity: {level}").Level);
        Assert.Equal(expected, Dynamic($"algorithm: gmp, schedule: {level}").Level);
    }

    public static TheoryData<string, UpdateSchedule> Updates() => new()
    {
        { "update: 7", new PeriodicUpdates(7) },
        { "update: {freq: 7}", new PeriodicUpdates(7) },
        { "update: {freq: 7, start: 3, stop: 12}", new PeriodicUpdates(7, 3, 12) },
        { "update: {start: 3}", new PeriodicUpdates(1, 3) },
        { "update: {steps: [0, 4, 5]}", new ListedUpdates([0, 4, 5]) },
        { "schedule: {freq: 7, stop: 12}", new PeriodicUpdates(7, 0, 12) },
    };

    [Theory]
    [MemberData(nameof(Updates))]
    public void Updates_are_a_number_a_period_or_a_list_and_once_were_called_schedule(string updates, UpdateSchedule expected) =>
        Assert.Equal(expected, Dynamic($"type: set, sparsity: 0.5, {updates}").Updates);

    [Fact]
    public void A_list_has_groups_with_settings_of_their_own()
    {
        SparsityParameters sparsity = Read(
            """
            sparsity:
            - {algorithm: rigl, sparsity: 0.9, param_filter: '*proj_[qkv]*', balance_in_groups: 4, seed: 3}
            - {sparsity: 0.5, param_filter: ['*ffn.0*', '*ffn.1*']}
            """);

        Assert.Equal(
            [
                ("*proj_[qkv]*", 0.9, 3L, "params.yaml:20:36"), ("*ffn.0*", 0.5, null, "params.yaml:21:34"),
                ("*ffn.1*", 0.5, null, "params.yaml:21:45"),
            ],
            sparsity.Groups.Select(group => (group.Glob, group.Sparsity, group.Seed, group.Location)));
        Assert.Equal([SparsityAlgorithm.RigL, null, null], sparsity.Groups.Select(group => group.Dynamic?.Algorithm));
        Assert.Equal(new SparsityBalance(OfInputs: true, 4), sparsity.Groups[0].Balance);
        Assert.Matches(sparsity.Groups[0].Pattern!, "a.proj_k_dense_layer.weight");
        Assert.DoesNotMatch(sparsity.Groups[0].Pattern!, "a.proj_output_dense_layer.weight");
    }

    [Fact]
    public void A_maps_blocks_override_how_masks_change()
    {
        SparsityParameters sparsity = Read(
            """
            sparsity:
              type: set
              sparsity: 0.5
              update: 5
              param_name_patterns:
                ffn: {drop_fraction: 0.1}
                attn: {type: gmp, update: {steps: [3]}}
            """);

        Assert.Equal(
            [
                new DynamicSparsity(SparsityAlgorithm.Set, new ConstantValue(0.5), new PeriodicUpdates(5), new ConstantValue(0.1)),
                new DynamicSparsity(SparsityAlgorithm.Gmp, new ConstantValue(0.5), new ListedUpdates([3]), new ConstantValue(0.3)),
            ],
            sparsity.Groups.Select(group => group.Dynamic));
    }

    [Theory]
    [InlineData(
        "algorithm: gmp, sparsity: 0.5, schedule: [0.5, 0.6]",
        "19:43: sparsity.schedule means the same as sparsity, which is given too; give one of them")]
    [InlineData("algorithm: gmp, type: gmp, sparsity: 0.5", "19:28: sparsity.type means the same as algorithm, which is given too; give one of them")]
    [InlineData(
        "init_method: random, sparsity: [0.1, 0.2]",
        "19:33: sparsity.sparsity changes over the steps, which static sparsity cannot; give a number in [0, 1), or an algorithm: gmp, set, rigl")]
    [InlineData(
        "algorithm: gmp, sparsity: {type: linear, init: 0.5, slope: 0.1}, update: 4",
        "19:28: sparsity.sparsity is 1.3 at the update after step 8; valid: from 0 to 1 at every update")]
    [InlineData(
        "algorithm: gmp, sparsity: {type: power, init: 0.5, beta: -1}, update: {steps: [1]}",
        "19:28: sparsity.sparsity is -0.5 at the update after step 1; valid: from 0 to 1 at every update")]
    [InlineData(
        "algorithm: gmp, sparsity: {type: linear, init: 1.5, slope: 0.1}, update: 4",
        "19:53: sparsity.sparsity.init is 1.5; valid: a number in [0, 1]")]
    [InlineData(
        "algorithm: gmp, sparsity: {init: 1.5, slope: 0.1}",
        "19:28: sparsity.sparsity.type is missing; valid: constant, linear, exp, power, cosine, cycling")]
    [InlineData(
        "algorithm: set, sparsity: 0.5, drop_fraction: 1.5",
        "19:43: sparsity.drop_fraction is 1.5; valid: a number in [0, 1], a list of such numbers, or a schedule: a map with a "
        + "type (constant, linear, exp, power, cosine, cycling)")]
    [InlineData(
        "algorithm: set, sparsity: 0.5, drop_fraction: {type: linear, init: 0.5, slope: 0.1}",
        "19:43: sparsity.drop_fraction is 1.1 at the update after step 6; valid: from 0 to 1 at every update")]
    [InlineData("algorithm: set, sparsity: 0.5, update: {freq: 0}", "19:52: sparsity.update.freq is 0; valid: an integer of at least 1")]
    [InlineData(
        "algorithm: set, sparsity: 0.5, update: {start: 10, stop: 10}",
        "19:63: sparsity.update.stop is 10, so that masks never change; valid: more than start, 10")]
    [InlineData(
        "algorithm: set, sparsity: 0.5, update: {start: 21}",
        "19:43: sparsity.update never changes a mask: its first update is after step 21, and the run ends with step 20; valid: "
        + "an update within the run")]
    [InlineData(
        "algorithm: set, sparsity: 0.5, update: {steps: []}", "19:52: sparsity.update.steps is an empty list; valid: a list of "
        + "ascending numbers of steps")]
    [InlineData(
        "algorithm: set, sparsity: 0.5, update: {steps: [5, 5]}",
        "19:52: sparsity.update.steps does not ascend; valid: a list of ascending numbers of steps")]
    [InlineData(
        "algorithm: set, sparsity: 0.5, update: {steps: [5], freq: 3}",
        "19:64: sparsity.update.freq and steps are both given; give one of them")]
    [InlineData(
        "algorithm: gmp, sparsity: 0.5, tiebreak: {type: first}",
        "19:43: sparsity.tiebreak is not supported: ties go to the lowest index; leave it out")]
    public void A_wrong_setting_says_what_would_be_valid(string settings, string error) =>
        Assert.Equal(["params.yaml:" + error], YamlRun.Errors(YamlRun.Minimal + $"sparsity: {{{settings}}}\n"));

    [Fact]
    public void A_run_that_the_command_line_ends_before_the_first_update_is_warned_of() => Assert.Equal(
        ["params.yaml:19:43: sparsity.update never changes a mask: its first update is after step 4, and the run ends with step 3"],
        YamlRun.Warnings(
            YamlRun.Minimal + "sparsity: {algorithm: gmp, sparsity: 0.5, update: {start: 4}}\n", new RunConfigOverrides { MaxSteps = 3 }));

    [Fact]
    public void What_means_nothing_to_static_sparsity_is_warned_of() => Assert.Equal(
        [
            "params.yaml:19:46: sparsity.update means nothing to static sparsity; algorithms that change masks: gmp, set, rigl",
            "params.yaml:19:57: sparsity.drop_fraction means nothing to static sparsity; algorithms that drop weights: set, rigl",
        ],
        YamlRun.Warnings(YamlRun.Minimal + "sparsity: {sparsity: 0.5, init_method: topk, update: 5, drop_fraction: 0.3}\n"));
}
