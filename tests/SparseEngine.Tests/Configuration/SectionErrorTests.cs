using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;

namespace SparseEngine.Tests.Configuration;

public sealed class SectionErrorTests
{
    private static string With(string line, string replacement) => YamlRun.Minimal.Replace(line, replacement, StringComparison.Ordinal);

    [Theory]
    [InlineData("hidden_size: 32", "hidden_size: abc", "8:3: model.hidden_size is \"abc\"; valid: an integer of at least 1")]
    [InlineData("hidden_size: 32", "hidden_size: \"32\"", "8:3: model.hidden_size is \"32\"; valid: an integer of at least 1")]
    [InlineData("hidden_size: 32", "hidden_size: 0", "8:3: model.hidden_size is 0; valid: an integer of at least 1")]
    [InlineData("hidden_size: 32", "hidden_size: 3e9", "8:3: model.hidden_size is 3e9; valid: an integer from 1 to 2147483647")]
    [InlineData("hidden_size: 32", "hidden_size: 32.5", "8:3: model.hidden_size is 32.5; valid: an integer of at least 1")]
    [InlineData("hidden_size: 32", "hidden_size: [32]", "8:3: model.hidden_size is a list; valid: an integer of at least 1")]
    [InlineData("hidden_size: 32", "hidden_size:", "8:3: model.hidden_size is missing; valid: an integer of at least 1")]
    [InlineData(
        "num_hidden_layers: 2", "num_hidden_layers: 2000000000", "9:3: model.num_hidden_layers is 2000000000; valid: an integer from 1 to 10000")]
    [InlineData(
        "vocab_size: 256", "vocab_size: 2000000000",
        "7:3: model.vocab_size is 2000000000: with hidden_size 32 that makes a weight of more than 2147483591 elements")]
    [InlineData(
        "filter_size: 128", "filter_size: 2000000000",
        "11:3: model.filter_size is 2000000000: with hidden_size 32 that makes a weight of more than 2147483591 elements")]
    [InlineData(
        "num_heads: 4", "num_heads: 4\n  z_loss_eps: 2",
        "11:3: model.z_loss_eps is 2: the key is not implemented; valid: 0, which changes nothing, or no such key")]
    [InlineData(
        "num_heads: 4", "num_heads: 4\n  use_sink_token: True",
        "11:3: model.use_sink_token is True: the key is not implemented; valid: false, which changes nothing, or no such key")]
    [InlineData(
        "num_heads: 4", "num_heads: 4\n  extra_ffn_params: {n: 2}",
        "11:3: model.extra_ffn_params is a map: the key is not implemented; valid: no such key")]
    [InlineData(
        "eps: 1.0e-8", "adjust_learning_rate: {decoder_kernel: 0.1}",
        "15:3: optimizer.adjust_learning_rate is a map: the key is not implemented; valid: no such key")]
    [InlineData("eps: 1.0e-8", "grad_accum_steps: 3", "15:3: optimizer.grad_accum_steps is 3; valid: a divisor of train_input.batch_size, 4")]
    [InlineData(
        "num_heads: 4", "num_heads: 4\n  max_position_embeddings: 16",
        "4:3: train_input.max_sequence_length is 32; valid: at most model.max_position_embeddings, 16")]
    [InlineData("num_heads: 4", "num_heads: 5", "10:3: model.num_heads is 5; valid: a divisor of hidden_size, 32")]
    [InlineData("num_heads: 4", "num_heads: 4\n  dropout_rate: 1", "11:3: model.dropout_rate is 1; valid: a number in [0, 1)")]
    [InlineData("num_heads: 4", "num_heads: 4\n  use_ffn_bias: maybe", "11:3: model.use_ffn_bias is \"maybe\"; valid: true, false")]
    [InlineData(
        "num_heads: 4", "num_heads: 4\n  attention_type: aiayn", "11:3: model.attention_type is \"aiayn\"; valid: scaled_dot_product, dot_product")]
    [InlineData("num_heads: 4", "num_heads: 4\n  nonlinearity: glu", "11:3: model.nonlinearity is \"glu\"; valid: gelu, gelu_new, quick_gelu, "
        + "relu, squared_relu, leaky_relu, relu6, silu, swish, sigmoid, tanh, linear, swiglu, geglu, reglu, liglu")]
    [InlineData("num_heads: 4", "num_heads: 4\n  layer_norm_epsilon: 0", "11:3: model.layer_norm_epsilon is 0; valid: a number above 0")]
    [InlineData(
        "num_heads: 4", "num_heads: 4\n  fixed_sparse_attention: {n: 1}",
        "11:3: model.fixed_sparse_attention is a map: the key is not implemented; valid: no such key")]
    [InlineData("num_heads: 4", "num_heads: 4\n  initializer: {std: 1}", "11:3: model.initializer.name is missing; valid: normal, truncated_normal, "
        + "uniform, constant, zeros, ones, xavier_uniform, glorot_uniform, xavier_normal, glorot_normal")]
    [InlineData(
        "num_heads: 4", "num_heads: 4\n  initializer: {name: uniform, a: 1}",
        "11:32: model.initializer.a leaves the interval from 1 to 0.05, which is empty; valid: a below b")]
    [InlineData("num_heads: 4", "num_heads: 4\n  initializer: {name: xavier_normal, gain: 2}", "11:38: model.initializer.gain is 2; valid: 1")]
    [InlineData(
        "data_processor: GptHDF5DataProcessor", "data_processor: GptTextDataProcessor",
        "2:3: train_input.data_processor is \"GptTextDataProcessor\"; valid: GptHDF5DataProcessor, GptHDF5MapDataProcessor, TextDataProcessor")]
    [InlineData("data_dir: ./train/", "data_dir: []", "3:3: train_input.data_dir is an empty list; valid: a path, or a list of paths")]
    [InlineData("data_dir: ./train/", "data_dir:\n  - a\n  - [b]", "5:5: train_input.data_dir[1] is a list; valid: a path")]
    [InlineData("data_dir: ./train/\n", "\n", "1:1: train_input.data_dir is missing; valid: a path, or a list of paths")]
    [InlineData("batch_size: 4", "batch_size: 4\n  shuffle_seed: -1", "6:3: train_input.shuffle_seed is -1; valid: an integer of at least 0")]
    [InlineData("optimizer_type: AdamW", "optimizer_type: Adafactor", "13:3: optimizer.optimizer_type is \"Adafactor\"; valid: AdamW, Adam, SGD")]
    [InlineData("eps: 1.0e-8", "max_gradient_value: 1", "15:3: optimizer.max_gradient_value is not supported; use max_gradient_norm")]
    [InlineData("eps: 1.0e-8", "amsgrad: True", "15:3: optimizer.amsgrad is true, which is not supported; valid: false")]
    [InlineData("eps: 1.0e-8", "max_gradient_norm: 0", "15:3: optimizer.max_gradient_norm is 0; valid: a number above 0")]
    [InlineData("eps: 1.0e-8", "betas: [0.9]", "15:3: optimizer.betas is a list; valid: a list of two, each a number in [0, 1)")]
    [InlineData("eps: 1.0e-8", "betas: [0.9, 1]", "15:16: optimizer.betas[1] is 1; valid: a number in [0, 1)")]
    [InlineData(
        "eps: 1.0e-8", "betas: [0.9, 0.95]\n  beta1: 0.9",
        "15:3: optimizer.betas means the same as beta1 and beta2, which are given too; give one of them")]
    [InlineData(
        "eps: 1.0e-8", "weight_decay_rate: 0.1\n  weight_decay: 0.1",
        "16:3: optimizer.weight_decay means the same as weight_decay_rate, which is given too; give one of them")]
    [InlineData(
        "max_steps: 20\n", "\n", "16:1: runconfig.max_steps is missing; give max_steps, num_steps or num_epochs, there or on the command line")]
    [InlineData(
        "max_steps: 20", "num_steps: 20\n  num_epochs: 2", "18:3: runconfig.num_epochs and runconfig.num_steps are both given; give one of them")]
    [InlineData("seed: 1", "logging: LOUD", "18:3: runconfig.logging is \"LOUD\"; valid: DEBUG, INFO, WARNING, ERROR, CRITICAL")]
    [InlineData(
        "seed: 1", "is_pretrained_checkpoint: yes",
        "18:3: runconfig.is_pretrained_checkpoint is true, but there is no checkpoint_path; give one there or on the command line")]
    public void A_wrong_value_says_where_what_and_what_would_be_valid(string line, string replacement, string error) =>
        Assert.Equal(["params.yaml:" + error], YamlRun.Errors(With(line, replacement)));

    [Fact]
    public void All_problems_of_a_file_come_at_once_in_the_files_order()
    {
        const string yaml =
            """
            optimizer:
              optimizer_type: Lion
              learning_rate: fast
            train_input:
              data_processor: GptHDF5DataProcessor
              data_dir: ./train/
              batch_size: 0
              max_sequence_length: 8
            sparsity:
              sparsity: 1.5
              init_metod: topk
            """;

        Assert.Equal(
            [
                "params.yaml: model is missing; valid: a map of settings",
                "params.yaml: runconfig.max_steps is missing; give max_steps, num_steps or num_epochs, there or on the command line",
                "params.yaml:2:3: optimizer.optimizer_type is \"Lion\"; valid: AdamW, Adam, SGD",
                "params.yaml:3:3: optimizer.learning_rate is \"fast\"; valid: a number of at least 0, a scheduler, or a list of schedulers",
                "params.yaml:7:3: train_input.batch_size is 0; valid: an integer of at least 1",
                "params.yaml:10:3: sparsity.sparsity is 1.5; valid: a number in [0, 1)",
                "params.yaml:11:3: sparsity.init_metod is not a known key; did you mean init_method, which is missing?",
            ],
            YamlRun.Errors(yaml));
    }

    [Fact]
    public void The_problems_are_also_there_one_by_one()
    {
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => YamlRun.Read(With("batch_size: 4", "batch_size: none")));

        Diagnostic problem = Assert.Single(error.Problems);
        Assert.Equal(("params.yaml:5:3", "train_input.batch_size is \"none\"; valid: an integer of at least 1"), (problem.Location, problem.Text));
    }

    [Theory]
    [InlineData("seed: 1", "seeed: 1", "18:3: runconfig.seeed is not a known key; did you mean seed?")]
    [InlineData("seed: 1", "Sede: 1", "18:3: runconfig.Sede is not a known key; did you mean seed?")]
    [InlineData("seed: 1", "colour: red", "18:3: runconfig.colour is not a known key; it is ignored")]
    [InlineData("eps: 1.0e-8", "epsilon: 1.0e-8", "15:3: optimizer.epsilon is not a known key; it is ignored")]
    [InlineData("num_heads: 4", "num_heads: 4\n  drop_out_rate: 0.1", "11:3: model.drop_out_rate is not a known key; did you mean dropout_rate?")]
    [InlineData("runconfig:", "sparsty: 0.5\nrunconfig:", "16:1: sparsty is not a known key; did you mean sparsity?")]
    [InlineData("runconfig:", "train: {}\nrunconfig:", "16:1: train is not a known key; it is ignored")]
    [InlineData(
        "num_heads: 4", "num_heads: 4\n  loss_weight: 0.5",
        "11:3: model.loss_weight is 0.5, which belongs to loss_scaling batch_size; batch_size is used instead of num_tokens")]
    [InlineData(
        "batch_size: 4", "batch_size: 4\n  drop_last: False",
        "6:3: train_input.drop_last is false; samples that do not fill a batch are left out all the same")]
    [InlineData("seed: 1", "validate_only: True", "18:3: runconfig.validate_only has no effect here; give --validate_only on the command line")]
    public void A_doubtful_key_is_a_warning(string line, string replacement, string warning) =>
        Assert.Equal(["params.yaml:" + warning], YamlRun.Warnings(With(line, replacement)));

    [Fact]
    public void Keys_that_only_a_wafer_or_a_loader_needs_are_accepted_silently()
    {
        string yaml = With("batch_size: 4", "batch_size: 4\n  num_workers: 8\n  prefetch_factor: 10\n  persistent_workers: True\n  drop_last: True")
            .Replace(
                "num_heads: 4", "num_heads: 4\n  mixed_precision: True\n  use_bfloat16: True\n  precision_opt_level: 0", StringComparison.Ordinal)
            .Replace(
                "eps: 1.0e-8", "loss_scaling_factor: dynamic\n  log_summaries: True\n  amsgrad: False\n  disable_lr_steps_reset: False",
                StringComparison.Ordinal)
            + "  use_cs_grad_accum: True\n  enable_summaries: False\n  execution_strategy: weight_streaming\n  num_wgt_servers: 2\n"
            + "cerebras: {anything: 1}\ndescription: A run.\n";

        Assert.Empty(YamlRun.Warnings(yaml));
    }

    [Theory]
    [InlineData("init_method", "init_method", 0)]
    [InlineData("init_metod", "init_method", 1)]
    [InlineData("sede", "seed", 1)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("", "abc", 3)]
    public void The_distance_of_two_names_counts_swaps_as_one(string a, string b, int distance) =>
        Assert.Equal(distance, NearestName.Distance(a, b));

    [Theory]
    [InlineData("num_experts: 1")]
    [InlineData("label_smoothing: 0.0")]
    [InlineData("norm_first_sandwich: no")]
    [InlineData("attention_sink_tokens:")]
    [InlineData("attention_logit_softcapping: null")]
    [InlineData("rel_distance_mode: default")]
    [InlineData("moe_params: {}")]
    public void A_key_that_is_not_implemented_may_say_that_nothing_changes(string setting) =>
        Assert.Empty(YamlRun.Warnings(YamlRun.Minimal.Replace("num_heads: 4", $"num_heads: 4\n  {setting}", StringComparison.Ordinal)));

    [Fact]
    public void A_rule_between_two_keys_waits_until_both_are_in_order() =>
        Assert.Equal(
            ["params.yaml:8:3: model.hidden_size is \"x\"; valid: an integer of at least 1"],
            YamlRun.Errors(YamlRun.Minimal.Replace("hidden_size: 32", "hidden_size: x", StringComparison.Ordinal)));
}
