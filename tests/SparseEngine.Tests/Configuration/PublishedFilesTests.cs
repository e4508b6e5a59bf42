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
    [InlineData("gpt3_muP_params_gpt3_40M.yaml", "44:7: trainer.init.model.mup_base_filter_size is 1024: the key is not implemented")]
    [InlineData("llama_params_llama2_7b.yaml", "11:7: trainer.init.model.name is \"llama\"; valid: ")]
    [InlineData("llama_params_llama2_7b.yaml", "16:7: trainer.init.model.rotary_dim is 128: the key is not implemented")]
    [InlineData("gptj_params_gptj_6B_muP.yaml", "45:7: trainer.init.model.name is \"gptj\"; valid: ")]
    [InlineData(
        "mistral_params_mistral_7B_msl128k.yaml",
        "34:7: trainer.init.model.attention_sliding_window_length is 4096: the key is not implemented")]
    [InlineData("starcoder_params_octocoder_15b.yaml", "26:7: trainer.init.model.extra_attention_params is a map: the key is not implemented")]
    [InlineData("bloom_params_bloom_7b.yaml", "28:7: trainer.init.model.position_embedding_type is \"alibi\"; valid: ")]
    public void A_model_that_is_not_implemented_is_refused_by_its_keys(string name, string error)
    {
        string path = PathOf(Path.Combine("zoo-2.10", name));

        ConfigurationException refused = Assert.Throws<ConfigurationException>(() => RunParametersReader.ReadFile(path));

        Assert.Contains(refused.Problems, problem => problem.ToString().StartsWith($"{path}:{error}", StringComparison.Ordinal));
        Assert.All(refused.Problems, problem => Assert.StartsWith("trainer.init.model.", problem.Text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("trainer_gpt3_125m_static75.yaml")]
    [InlineData("trainer_gpt3_125m_rigl75.yaml")]
    [InlineData("trainer_gpt3_125m_sparsewide-ift_static50.yaml")]
    [InlineData("zoo-2.10/gpt3_sparsity_pretraining_params_gpt3_125m_rigl75.yaml")]
    [InlineData("zoo-2.10/gpt3_sparsity_pretraining_params_gpt3_125m_set75.yaml")]
    [InlineData("zoo-2.10/gpt3_sparsity_pretraining_params_gpt3_125m_sparsewide-ift_rigl75.yaml")]
    [InlineData("zoo-2.10/gpt3_sparsity_pretraining_params_gpt3_125m_sparsewide-ift_static50.yaml")]
    [InlineData("zoo-2.10/gpt3_sparsity_pretraining_params_gpt3_6p7b_vspdf_phase1.yaml")]
    public void Whatever_a_sparse_file_says_beside_its_sparsity_is_read(string name)
    {
        Exception? refused = Record.Exception(() => Read(name));

        Assert.All(
            (refused as ConfigurationException)?.Problems ?? [],
            problem => Assert.StartsWith("trainer.init.sparsity.", problem.Text, StringComparison.Ordinal));
    }
}
