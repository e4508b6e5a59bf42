using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;
using SparseEngine.Sparsity;

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
    [InlineData("zoo-1.8/13b_bs1080.yaml")]
    [InlineData("zoo-1.8/params_gpt2_large.yaml")]
    [InlineData("zoo-1.8/params_gpt3_2p7b.yaml")]
    [InlineData("zoo-1.8/params_gptj_6B.yaml")]
    [InlineData("zoo-1.8/params_gpt_neox_20B.yaml")]
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

    [Theory]
    [InlineData("gpt3_Cerebras_GPT_111m.yaml", 768, 10, 9037)]
    [InlineData("gpt3_Cerebras_GPT_256m.yaml", 1088, 14, 9468)]
    [InlineData("gpt3_Cerebras_GPT_2p7b.yaml", 2560, 32, 49041)]
    [InlineData("gpt3_Cerebras_GPT_6p7b.yaml", 4096, 32, 62522)]
    [InlineData("gpt3_Cerebras_GPT_13b_bs720.yaml", 5120, 40, 57000)]
    [InlineData("gpt3_Cerebras_GPT_13b_bs1080.yaml", 5120, 40, 116223)]
    [InlineData("gpt3_params_gpt3_xl.yaml", 2048, 24, 24334)]
    [InlineData("gpt3_sparsity_pretraining_params_gpt3_6p7b_vspdf_phase2.yaml", 4096, 32, 9379)]
    public void A_file_of_the_trainer_layout_loads_without_a_warning(string name, int hidden, int layers, int steps)
    {
        ReadResult result = Read(Path.Combine("zoo-2.10", name));

        Assert.Empty(result.Warnings);
        RunParameters run = result.Parameters;
        Assert.Equal((hidden, layers, steps), (run.Model.HiddenSize, run.Model.Layers, run.RunConfig.MaxSteps));
        Assert.Equal((0.9, 0.95, true, 1.0), (run.Optimizer!.Beta1, run.Optimizer.Beta2, run.Optimizer.CorrectBias, run.Optimizer.MaxGradientNorm));
        Assert.Equal(2, run.Optimizer.LearningRate.Schedulers.Length);
        Assert.NotNull(run.EvalInput);
        Assert.Equal([run.EvalInput], run.Validate!.Inputs);
        Assert.Equal([run.EvalInput], run.ValidateAll!.Inputs);
    }

    [Theory]
    [InlineData("trainer_gpt3_125m_static75.yaml", null, 72, 21_233_664)]
    [InlineData("trainer_gpt3_125m_rigl75.yaml", SparsityAlgorithm.RigL, 72, 21_233_664)]
    [InlineData("trainer_gpt3_125m_sparsewide-ift_static50.yaml", null, 72, 85_857_408)]
    [InlineData("zoo-2.10/gpt3_sparsity_pretraining_params_gpt3_125m_rigl75.yaml", SparsityAlgorithm.RigL, 72, 21_233_664)]
    [InlineData("zoo-2.10/gpt3_sparsity_pretraining_params_gpt3_125m_set75.yaml", SparsityAlgorithm.Set, 72, 21_233_664)]
    [InlineData("zoo-2.10/gpt3_sparsity_pretraining_params_gpt3_125m_sparsewide-ift_rigl75.yaml", SparsityAlgorithm.RigL, 72, 84_934_656)]
    [InlineData("zoo-2.10/gpt3_sparsity_pretraining_params_gpt3_125m_sparsewide-ift_static50.yaml", null, 72, 85_857_408)]
    [InlineData("zoo-2.10/gpt3_sparsity_pretraining_params_gpt3_6p7b_vspdf_phase1.yaml", null, 192, 644_245_120)]
    public void A_sparse_file_of_the_trainer_layout_has_its_plan(string name, SparsityAlgorithm? algorithm, int weights, long kept)
    {
        ReadResult result = Read(name);

        Assert.Empty(result.Warnings);
        SparsityPlan plan = SparsityPlan.Create(result.Parameters.Sparsity, GptArchitecture.Parameters(result.Parameters.Model));
        Assert.Empty(plan.Warnings);
        Assert.Equal((weights, kept), (plan.Weights.Length, plan.Weights.Sum(weight => weight.Kept)));
        Assert.All(plan.Weights, weight => Assert.Equal(algorithm, weight.Dynamic?.Algorithm));
        Assert.All(plan.Weights, weight => Assert.Equal(result.Parameters.RunConfig.Seed + weight.Index, weight.Seed));
    }

    [Fact]
    public void Rigls_file_updates_every_hundred_steps_and_drops_less_and_less()
    {
        DynamicSparsity rigl = Read("trainer_gpt3_125m_rigl75.yaml").Parameters.Sparsity!.Groups[0].Dynamic!;

        Assert.Equal(new PeriodicUpdates(100, 0, 3584), rigl.Updates);
        Assert.Equal(new CosineValue(0.3, 3584), rigl.DropFraction);
        Assert.Equal(0.0004064, rigl.DropFractionAt(3500), 1e-6);
    }
}
