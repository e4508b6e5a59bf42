using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Tests.Configuration;

public sealed class SectionValueTests
{
    private const string TextInputs =
        """
        train_input: {data_processor: TextDataProcessor, data_dir: dotnet-docs, max_sequence_length: 64, batch_size: 2TRAIN}
        eval_input: {data_processor: TextDataProcessor, data_dir: dotnet-docs, max_sequence_length: 64, batch_size: 2EVAL}
        model: {vocab_size: 256, hidden_size: 32, num_hidden_layers: 2, num_heads: 4, filter_size: 128}
        """;

    private static ModelParameters Model(string keys) =>
        YamlRun.Read(YamlRun.Minimal.Replace("num_heads: 4", $"num_heads: 4\n  {keys}", StringComparison.Ordinal)).Model;

    private static OptimizerParameters Optimizer(string keys) =>
        YamlRun.Read(YamlRun.Minimal.Replace("eps: 1.0e-8", keys, StringComparison.Ordinal)).Optimizer!;

    private static string Inputs(string train, string eval) =>
        TextInputs.Replace("TRAIN", train, StringComparison.Ordinal).Replace("EVAL", eval, StringComparison.Ordinal);

    [Fact]
    public void A_model_has_the_model_zoos_defaults()
    {
        ModelParameters model = YamlRun.Read(YamlRun.Minimal).Model;

        Assert.Equal(
            new ModelParameters
            {
                VocabularySize = 256,
                HiddenSize = 32,
                Layers = 2,
                Heads = 4,
                FilterSize = 128,
                MaxPositionEmbeddings = 1024,
                PositionEmbedding = PositionEmbedding.Learned,
                ShareEmbeddingWeights = true,
                LayerNormEpsilon = 1e-5,
                ScaledAttention = true,
                UseProjectionBiasInAttention = true,
                UseFfnBiasInAttention = true,
                UseFfnBias = true,
                Nonlinearity = Activation.Gelu,
                InitializerRange = 0.02,
                LossScaling = LossScaling.NumTokens,
                LossWeight = 1,
            },
            model);
    }

    [Fact]
    public void The_other_dropout_rates_default_to_dropout_rate()
    {
        ModelParameters all = Model("dropout_rate: 0.2");
        ModelParameters own = Model("dropout_rate: 0.2\n  embedding_dropout_rate: 0.1\n  attention_dropout_rate: 0");

        Assert.Equal((0.2, 0.2, 0.2), (all.DropoutRate, all.EmbeddingDropoutRate, all.AttentionDropoutRate));
        Assert.Equal((0.2, 0.1, 0), (own.DropoutRate, own.EmbeddingDropoutRate, own.AttentionDropoutRate));
    }

    [Theory]
    [InlineData("gelu_new", Activation.GeluNew)]
    [InlineData("quick_gelu", Activation.QuickGelu)]
    [InlineData("relu", Activation.Relu)]
    [InlineData("squared_relu", Activation.SquaredRelu)]
    [InlineData("leaky_relu", Activation.LeakyRelu)]
    [InlineData("relu6", Activation.Relu6)]
    [InlineData("silu", Activation.Silu)]
    [InlineData("swish", Activation.Silu)]
    [InlineData("sigmoid", Activation.Sigmoid)]
    [InlineData("tanh", Activation.Tanh)]
    [InlineData("linear", Activation.Linear)]
    [InlineData("GELU", Activation.Gelu)]
    public void A_nonlinearity_goes_by_its_name(string name, Activation expected) =>
        Assert.Equal(expected, Model($"nonlinearity: {name}").Nonlinearity);

    [Fact]
    public void Dot_product_attention_is_not_scaled() => Assert.False(Model("attention_type: dot_product").ScaledAttention);

    [Fact]
    public void A_loss_weight_makes_the_loss_scaling_batch_size()
    {
        ModelParameters model = Model("loss_weight: 0.5");

        Assert.Equal((LossScaling.BatchSize, 0.5), (model.LossScaling, model.LossWeight));
    }

    [Theory]
    [InlineData("normal", InitializerKind.Normal, 0, 0.05, 0, 0)]
    [InlineData("{name: normal, mean: 1, std: 2}", InitializerKind.Normal, 1, 2, 0, 0)]
    [InlineData("truncated_normal", InitializerKind.TruncatedNormal, 0, 0.05, -0.1, 0.1)]
    [InlineData("{name: truncated_normal, std: 0.02, a: -0.03}", InitializerKind.TruncatedNormal, 0, 0.02, -0.03, 0.04)]
    [InlineData("uniform", InitializerKind.Uniform, 0, 0, -0.05, 0.05)]
    [InlineData("{name: constant, val: 3}", InitializerKind.Constant, 3, 0, 0, 0)]
    [InlineData("zeros", InitializerKind.Constant, 0, 0, 0, 0)]
    [InlineData("ones", InitializerKind.Constant, 1, 0, 0, 0)]
    [InlineData("glorot_uniform", InitializerKind.XavierUniform, 0, 0, 0, 0)]
    [InlineData("{name: xavier_normal, gain: 1.0}", InitializerKind.XavierNormal, 0, 0, 0, 0)]
    public void An_initializer_is_a_name_or_a_map(string yaml, InitializerKind kind, double mean, double deviation, double low, double high) =>
        Assert.Equal(new InitializerParameters(kind, mean, deviation, low, high), Model($"initializer: {yaml}").Initializer);

    [Theory]
    [InlineData("AdamW", OptimizerKind.AdamW)]
    [InlineData("adamw", OptimizerKind.AdamW)]
    [InlineData("Adam", OptimizerKind.Adam)]
    [InlineData("sgd", OptimizerKind.Sgd)]
    public void An_optimizer_goes_by_its_name_in_any_case(string name, OptimizerKind expected)
    {
        RunParameters run = YamlRun.Read(YamlRun.Minimal.Replace("optimizer_type: AdamW", $"optimizer_type: {name}", StringComparison.Ordinal));

        Assert.Equal(expected, run.Optimizer!.Kind);
    }

    [Fact]
    public void An_optimizer_has_the_model_zoos_defaults()
    {
        OptimizerParameters optimizer = Optimizer("log_summaries: True");

        Assert.Equal(
            (0.9, 0.999, 1e-6, 0.0, false), (optimizer.Beta1, optimizer.Beta2, optimizer.Epsilon, optimizer.WeightDecayRate, optimizer.CorrectBias));
        Assert.Equal((0.0, false, null, 1), (optimizer.Momentum, optimizer.UseNesterov, optimizer.MaxGradientNorm, optimizer.GradAccumSteps));
    }

    [Fact]
    public void The_names_that_model_zoo_2_gives_to_optimizer_keys_are_understood()
    {
        OptimizerParameters optimizer = Optimizer("betas: [0.8, 0.95]\n  weight_decay: 0.1");

        Assert.Equal((0.8, 0.95, 0.1), (optimizer.Beta1, optimizer.Beta2, optimizer.WeightDecayRate));
    }

    [Theory]
    [InlineData("GptHDF5DataProcessor")]
    [InlineData("GptHDF5MapDataProcessor")]
    public void Without_a_sequence_length_that_of_the_data_is_taken_and_that_of_the_model_reckoned_with(string processor)
    {
        string yaml = YamlRun.Minimal
            .Replace("GptHDF5DataProcessor", processor, StringComparison.Ordinal)
            .Replace("max_sequence_length: 32", "shuffle: no", StringComparison.Ordinal);
        InputParameters input = YamlRun.Read(yaml).TrainInput!;

        Assert.Equal((DataProcessor.GptHdf5, 1024, true), (input.DataProcessor, input.MaxSequenceLength, input.TakesLengthFromData));
        Assert.False(YamlRun.Read(YamlRun.Minimal).TrainInput!.TakesLengthFromData);
    }

    [Fact]
    public void Positions_do_not_limit_the_sequence_of_a_model_without_them()
    {
        ModelParameters model = Model("use_position_embedding: False\n  max_position_embeddings: 16");

        Assert.False(model.HasPositionTable);
    }

    [Theory]
    [InlineData("", "", 0.05)]
    [InlineData(", validation_share: 0.2", "", 0.2)]
    [InlineData("", ", validation_share: 0.2", 0.2)]
    public void Training_and_validation_on_one_text_go_by_one_share(string train, string eval, double share)
    {
        RunParameters run = YamlRun.Read(Inputs(train, eval));

        Assert.Equal(DataProcessor.Text, run.TrainInput!.DataProcessor);
        Assert.Equal((share, share), (run.TrainInput.ValidationShare, run.EvalInput!.ValidationShare));
    }

    [Fact]
    public void Two_shares_of_one_text_are_an_error() =>
        Assert.Equal(
            ["params.yaml:2:112: eval_input.validation_share is 0.2; valid: train_input.validation_share, 0.1, since both read the same text"],
            YamlRun.Errors(Inputs(", validation_share: 0.1", ", validation_share: 0.2")));

    [Fact]
    public void A_file_without_a_runconfig_can_only_evaluate_unless_it_says_how_long_to_train()
    {
        RunParameters run = YamlRun.Read(Inputs("", ""));
        string yaml = Inputs("", "") + "\noptimizer: {optimizer_type: SGD, learning_rate: 0.1, momentum: 0.9, use_nesterov: True}\n";

        Assert.Null(run.Optimizer);
        Assert.Equal(new RunConfig(), run.RunConfig);
        Assert.Equal(
            ["params.yaml: runconfig.max_steps is missing; give max_steps, num_steps or num_epochs, there or on the command line"],
            YamlRun.Errors(yaml));
        Assert.Equal(7, YamlRun.Read(yaml, new RunConfigOverrides { MaxSteps = 7 }).RunConfig.MaxSteps);
    }
}
