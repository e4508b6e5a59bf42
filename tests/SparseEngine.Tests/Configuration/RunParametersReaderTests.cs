using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Tests.Configuration;

public sealed class RunParametersReaderTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void The_zoos_gpt2_small_loads()
    {
        ReadResult result = RunParametersReader.ReadFile(TestData.PathOf("configs", "params_gpt2_small.yaml"));
        RunParameters run = result.Parameters;
        Assert.Empty(result.Warnings);
        Assert.Null(run.Sparsity);
        Assert.Equal((50257, 768, 12, 12, 3072, 1024), (run.Model.VocabularySize, run.Model.HiddenSize, run.Model.Layers, run.Model.Heads, run.Model.FilterSize, run.Model.MaxPositionEmbeddings));
        Assert.Equal((0.1, 0.1, 0.1), (run.Model.DropoutRate, run.Model.EmbeddingDropoutRate, run.Model.AttentionDropoutRate));
        Assert.Equal((LossScaling.BatchSize, 0.0009765625), (run.Model.LossScaling, run.Model.LossWeight));
        Assert.Equal(Activation.Gelu, run.Model.Nonlinearity);
        Assert.Equal((OptimizerKind.AdamW, true, 0.01, 1e-6), (run.Optimizer!.Kind, run.Optimizer.CorrectBias, run.Optimizer.WeightDecayRate, run.Optimizer.Epsilon));
        Assert.Equal(
            [new PolynomialScheduler(0, 1e-4, 2000, 1, false), new PolynomialScheduler(1e-4, 0, 998000, 1, false)], run.Optimizer.LearningRate.Schedulers);
        Assert.Equal((true, 1337, 32, 1024), (run.TrainInput!.Shuffle, run.TrainInput.ShuffleSeed, run.TrainInput.BatchSize, run.TrainInput.MaxSequenceLength));
        Assert.False(run.EvalInput!.Shuffle);
        Assert.Equal((1000000, 100, 10000, true, 1, 233), (run.RunConfig.MaxSteps, run.RunConfig.LogSteps, run.RunConfig.CheckpointSteps, run.RunConfig.SaveInitialCheckpoint, run.RunConfig.Seed, run.RunConfig.EvalSteps));
    }

    [Fact]
    public void The_zoos_gpt3_xl_loads()
    {
        ReadResult result = RunParametersReader.ReadFile(TestData.PathOf("configs", "params_gpt3_xl.yaml"));
        RunParameters run = result.Parameters;
        Assert.Empty(result.Warnings);
        Assert.Equal(10, run.TrainInput!.DataDirectories.Length);
        Assert.Equal(new InitializerParameters(InitializerKind.TruncatedNormal, 0, 0.002886751346, -0.005773502692, 0.005773502692), run.Model.OutputLayerInitializer);
        Assert.Equal((0.95, 1e-8, 0.1, 1.0), (run.Optimizer!.Beta2, run.Optimizer.Epsilon, run.Optimizer.WeightDecayRate, run.Optimizer.MaxGradientNorm));
        Assert.Equal(
            [new PolynomialScheduler(0, 1e-4, 1500, 1, false), new CosineDecayScheduler(1e-4, 1e-5, 1050000), new ConstantScheduler(1e-5, null)],
            run.Optimizer.LearningRate.Schedulers);
    }

    [Fact]
    public void Cerebras_gpt_111m_loads()
    {
        ReadResult result = RunParametersReader.ReadFile(TestData.PathOf("configs", "111m.yaml"));
        Assert.Empty(result.Warnings);
        Assert.Equal((10, 2048, 9037), (result.Parameters.Model.Layers, result.Parameters.Model.MaxPositionEmbeddings, result.Parameters.RunConfig.MaxSteps));
        Assert.Equal(LossScaling.NumTokens, result.Parameters.Model.LossScaling);
    }

    [Fact]
    public void The_later_trainer_layout_is_refused_by_name()
    {
        ConfigurationException error = Assert.Throws<ConfigurationException>(
            () => RunParametersReader.ReadFile(TestData.PathOf("configs", "trainer_gpt3_125m_static75.yaml")));
        Assert.Contains("trainer belongs to the layout of Model Zoo 2.4 and later", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1e-5", 1e-5)]
    [InlineData("1.0e5", 1e5)]
    [InlineData("\"2.5e-4\"", 2.5e-4)]
    [InlineData(".5", 0.5)]
    [InlineData("1_000", 1000)]
    [InlineData("6.0000e-05", 6e-5)]
    [InlineData("0x10", 16)]
    public void Numbers_are_what_users_take_for_numbers(string text, double expected)
    {
        RunParameters run = Read(Sample.Text.Replace("1e-3", text, StringComparison.Ordinal));
        Assert.Equal([new ConstantScheduler(expected, null)], run.Optimizer!.LearningRate.Schedulers);
    }

    [Theory]
    [InlineData("yes", true)]
    [InlineData("Off", false)]
    [InlineData("TRUE", true)]
    public void Truth_values_are_those_of_yaml_1_1(string text, bool expected)
    {
        RunParameters run = Read(Sample.Text.Replace("max_steps: 10", $"max_steps: 10\n  save_initial_checkpoint: {text}", StringComparison.Ordinal));
        Assert.Equal(expected, run.RunConfig.SaveInitialCheckpoint);
    }

    [Fact]
    public void Options_win_over_the_file_and_may_complete_it()
    {
        string file = directory.File("params.yaml");
        File.WriteAllText(file, Sample.Text.Replace("max_steps: 10", "model_dir: here", StringComparison.Ordinal));
        RunConfig config = RunParametersReader.ReadFile(file, new RunConfigOverrides { MaxSteps = 3, ModelDirectory = "there", Logging = "DEBUG", IsPretrainedCheckpoint = true }).Parameters.RunConfig;
        Assert.Equal((3, "there", "DEBUG", true), (config.MaxSteps, config.ModelDirectory, config.Logging, config.IsPretrainedCheckpoint));
    }

    [Fact]
    public void Aliases_stand_for_what_they_name()
    {
        RunParameters run = Read(Sample.Text.Replace("train_input:", "train_input: &data", StringComparison.Ordinal) + "eval_input: *data\n");
        Assert.Equal(8, run.EvalInput!.BatchSize);
    }

    [Theory]
    [InlineData("sparsity: 0.3\n", 0.3, SparsityMethod.Random, null)]
    [InlineData("sparsity: {sparsity: 0, init_method: topk, seed: 7}\n", 0.0, SparsityMethod.TopK, 7L)]
    [InlineData("sparsity: {type: sideband, sparsity: 0.5, init_method: random, seed: ~}\n", 0.5, SparsityMethod.Random, null)]
    public void The_default_selection_is_one_group(string section, double level, SparsityMethod method, long? seed)
    {
        SparsityParameters sparsity = Read(WithoutSparsity + section).Sparsity!;
        SparsityGroup group = Assert.Single(sparsity.Groups);
        Assert.Equal(SparsitySelection.Default, sparsity.Selection);
        Assert.Equal((null, level, method, seed), (group.Pattern, group.Sparsity, group.Method, group.Seed));
    }

    [Theory]
    [InlineData("sparsity:\n")]
    [InlineData("sparsity: {}\n")]
    [InlineData("")]
    public void An_empty_section_is_dense(string section) => Assert.Null(Read(WithoutSparsity + section).Sparsity);

    [Fact]
    public void A_map_of_patterns_overlays_the_section_and_keeps_its_order()
    {
        SparsityParameters sparsity = Read(WithoutSparsity + """
            sparsity:
              init_method: topk
              seed: 1234
              sparsity: 0.5
              param_name_patterns:
                ffn.*weight: {sparsity: 0.8, init_method: random}
                (?P<kind>attn).*weight: {seed: 9}
                other:

            """).Sparsity!;
        Assert.Equal(["ffn.*weight", "(?<kind>attn).*weight", "other"], sparsity.Groups.Select(group => group.Pattern!.ToString()));
        Assert.Equal(
            [(0.8, SparsityMethod.Random, (long?)1234), (0.5, SparsityMethod.TopK, 9), (0.5, SparsityMethod.TopK, 1234)],
            sparsity.Groups.Select(group => (group.Sparsity, group.Method, group.Seed)));
    }

    [Fact]
    public void A_regex_and_a_list_of_them_share_the_sections_settings()
    {
        SparsityParameters one = Read(WithoutSparsity + "sparsity: {sparsity: 0.5, init_method: topk, param_name_patterns: 'ffn'}\n").Sparsity!;
        Assert.Equal("ffn", Assert.Single(one.Groups).Pattern!.ToString());
        SparsityParameters two = Read(WithoutSparsity + "sparsity: {sparsity: 0.5, init_method: topk, param_name_patterns: ['ffn', 'attn']}\n").Sparsity!;
        Assert.Equal(["ffn", "attn"], two.Groups.Select(group => group.Pattern!.ToString()));
        SparsityParameters none = Read(WithoutSparsity + "sparsity: {sparsity: 0.5, init_method: topk, param_name_patterns: []}\n").Sparsity!;
        Assert.Equal((SparsitySelection.Patterns, 0), (none.Selection, none.Groups.Length));
    }

    private static string WithoutSparsity => Sample.Text[..Sample.Text.IndexOf("sparsity:", StringComparison.Ordinal)];

    private RunParameters Read(string text)
    {
        string file = directory.File("params.yaml");
        File.WriteAllText(file, text);
        return RunParametersReader.ReadFile(file).Parameters;
    }
}
