using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Tests.Configuration;

public sealed class PublishedFilesTests
{
    private static ReadResult Read(string name) => RunParametersReader.ReadFile(PathOf(name));

    private static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "data", "configs", name);

    [Theory]
    [InlineData("111m.yaml")]
    [InlineData("params_gpt2_small.yaml")]
    [InlineData("params_gpt3_xl.yaml")]
    [InlineData("tiny-dense.yaml")]
    [InlineData("tiny-random75.yaml")]
    [InlineData("tiny-topk-groups.yaml")]
    public void A_file_of_the_1_8_layout_loads_without_a_warning(string name)
    {
        ReadResult result = Read(name);

        Assert.Empty(result.Warnings);
        Assert.Equal(PathOf(name), result.Parameters.File);
    }

    [Fact]
    public void Gpt2_small_has_the_values_that_its_file_gives()
    {
        RunParameters run = Read("params_gpt2_small.yaml").Parameters;

        InputParameters train = Assert.IsType<InputParameters>(run.TrainInput);
        Assert.Equal(DataProcessor.GptHdf5, train.DataProcessor);
        Assert.Equal(["./language/datasets/owt_pretraining_gpt_hdf5/train_8M_msl1024/"], train.DataDirectories);
        Assert.Equal((32, 1024, true, 1337), (train.BatchSize, train.MaxSequenceLength, train.Shuffle, train.ShuffleSeed));
        Assert.Equal((32, false, null), (run.EvalInput!.BatchSize, run.EvalInput.Shuffle, run.EvalInput.ShuffleSeed));
        Assert.Equal(
            new ModelParameters
            {
                VocabularySize = 50257,
                HiddenSize = 768,
                Layers = 12,
                Heads = 12,
                FilterSize = 3072,
                MaxPositionEmbeddings = 1024,
                DropoutRate = 0.1,
                EmbeddingDropoutRate = 0.1,
                AttentionDropoutRate = 0.1,
                LayerNormEpsilon = 1e-5,
                Nonlinearity = Activation.Gelu,
                LossScaling = LossScaling.BatchSize,
                LossWeight = 1.0 / 1024,
            },
            run.Model);
        Assert.Null(run.Sparsity);
        OptimizerParameters optimizer = run.Optimizer!;
        Assert.Equal((OptimizerKind.AdamW, true, 0.01), (optimizer.Kind, optimizer.CorrectBias, optimizer.WeightDecayRate));
        Assert.Equal((0.9, 0.999, 1e-6), (optimizer.Beta1, optimizer.Beta2, optimizer.Epsilon));
        Assert.Null(optimizer.MaxGradientNorm);
        Assert.Equal(
            [new PolynomialScheduler(0, 1e-4, 2000, 1, Cycle: false), new PolynomialScheduler(1e-4, 0, 998000, 1, Cycle: false)],
            optimizer.LearningRate.Schedulers);
        Assert.Equal(
            new RunConfig
            {
                ModelDirectory = "./model_dir",
                MaxSteps = 1000000,
                LogSteps = 100,
                CheckpointSteps = 10000,
                SaveInitialCheckpoint = true,
                Seed = 1,
                EvalSteps = 233,
            },
            run.RunConfig);
    }

    [Fact]
    public void Gpt3_xl_has_ten_folders_initializers_and_three_schedulers()
    {
        RunParameters run = Read("params_gpt3_xl.yaml").Parameters;

        Assert.Equal(10, run.TrainInput!.DataDirectories.Length);
        Assert.EndsWith("/9/", run.TrainInput.DataDirectories[^1], StringComparison.Ordinal);
        Assert.Equal(new InitializerParameters(InitializerKind.TruncatedNormal, 0, 0.02, -0.04, 0.04), run.Model.EmbeddingInitializer);
        Assert.Equal(new InitializerParameters(InitializerKind.TruncatedNormal, 0, 0.02, -0.04, 0.04), run.Model.Initializer);
        Assert.Equal(
            new InitializerParameters(InitializerKind.TruncatedNormal, 0, 0.002886751346, -0.005773502692, 0.005773502692),
            run.Model.OutputLayerInitializer);
        Assert.Equal((0.9, 0.95, 1e-8, 1.0), (run.Optimizer!.Beta1, run.Optimizer.Beta2, run.Optimizer.Epsilon, run.Optimizer.MaxGradientNorm));
        Assert.Equal(
            [
                new PolynomialScheduler(0, 1e-4, 1500, 1, Cycle: false),
                new CosineDecayScheduler(1e-4, 1e-5, 1050000),
                new ConstantScheduler(1e-5, Steps: null),
            ],
            run.Optimizer.LearningRate.Schedulers);
        Assert.Equal((1210000, 1533), (run.RunConfig.MaxSteps, run.RunConfig.EvalSteps));
    }

    [Fact]
    public void Cerebras_gpt_111m_takes_the_default_loss_and_no_seed()
    {
        RunParameters run = Read("111m.yaml").Parameters;

        Assert.Equal((LossScaling.NumTokens, 1.0), (run.Model.LossScaling, run.Model.LossWeight));
        Assert.Equal((768, 10, 12, 3072), (run.Model.HiddenSize, run.Model.Layers, run.Model.Heads, run.Model.FilterSize));
        Assert.Equal((120, 2048, 0), (run.TrainInput!.BatchSize, run.TrainInput.MaxSequenceLength, run.TrainInput.ShuffleSeed));
        Assert.Equal(6e-5, Assert.IsType<PolynomialScheduler>(run.Optimizer!.LearningRate.Schedulers[1]).End);
        Assert.Equal((9037, 1546, 903, 1, false), (
            run.RunConfig.MaxSteps, run.RunConfig.EvalSteps, run.RunConfig.CheckpointSteps, run.RunConfig.LogSteps,
            run.RunConfig.SaveInitialCheckpoint));
    }

    [Fact]
    public void The_tiny_runs_differ_in_their_sparsity_only()
    {
        RunParameters dense = Read("tiny-dense.yaml").Parameters;
        RunParameters random = Read("tiny-random75.yaml").Parameters;
        RunParameters topK = Read("tiny-topk-groups.yaml").Parameters;

        Assert.Null(dense.Sparsity);
        Assert.Equal(dense.Model, random.Model);
        Assert.Equal(dense.RunConfig, topK.RunConfig);
        SparsityGroup group = Assert.Single(random.Sparsity!.Groups);
        Assert.Equal(SparsitySelection.Default, random.Sparsity.Selection);
        Assert.Equal((null, 0.75, SparsityMethod.Random, 1234), (group.Pattern, group.Sparsity, group.Method, group.Seed));
        Assert.Equal(SparsitySelection.Patterns, topK.Sparsity!.Selection);
        Assert.Equal(
            [("ffn.*weight", 0.8, SparsityMethod.TopK, 1234L), ("attn.*weight", 0.4, SparsityMethod.TopK, 1234L)],
            topK.Sparsity.Groups.Select(g => (g.Pattern!.ToString(), g.Sparsity, g.Method, g.Seed!.Value)));
        Assert.EndsWith("tiny-topk-groups.yaml:57:5", topK.Sparsity.Groups[0].Location, StringComparison.Ordinal);
    }
}
