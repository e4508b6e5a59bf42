using SparseEngine.Configuration;

namespace SparseEngine.Tests.Configuration;

public sealed class ConfigurationErrorTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("hidden_size: 64", "hidden_size: small", "2:16: model.hidden_size is \"small\"; valid: an integer of 1 or more")]
    [InlineData("hidden_size: 64", "hidden_size: 0", "2:16: model.hidden_size is \"0\"; valid: an integer of 1 or more")]
    [InlineData("  hidden_size: 64\n", "", "2:3: model.hidden_size is missing; valid: an integer of 1 or more")]
    [InlineData("num_heads: 4", "num_heads: 5", "4:14: model.num_heads is \"5\"; valid: a divisor of model.hidden_size, 64")]
    [InlineData("dropout_rate: 0.0", "dropout_rate: 1.0", "6:17: model.dropout_rate is \"1.0\"; valid: a number from 0 to below 1")]
    [InlineData("dropout_rate: 0.0", "dropout_rate: 0.0\n  position_embedding_type: rotary", "7:28: model.position_embedding_type is \"rotary\", which is not supported; valid: learned")]
    [InlineData("dropout_rate: 0.0", "dropout_rate: 0.0\n  attention_type: linear", "7:19: model.attention_type is \"linear\"; valid: scaled_dot_product, dot_product")]
    [InlineData("batch_size: 8", "batch_size: [8]", "11:15: train_input.batch_size is a list; valid: an integer of 1 or more")]
    [InlineData("max_sequence_length: 32", "max_sequence_length: 65", "12:24: train_input.max_sequence_length is \"65\"; valid: at most model.max_position_embeddings, 64")]
    [InlineData("GptHDF5DataProcessor", "Csv", "9:19: train_input.data_processor is \"Csv\"; valid: GptHDF5DataProcessor, TextDataProcessor, GptHDF5MapDataProcessor")]
    [InlineData("AdamW", "Adafactor", "14:19: optimizer.optimizer_type is \"Adafactor\"; valid: AdamW, Adam, SGD")]
    [InlineData("learning_rate: 1e-3", "learning_rate: fast", "15:18: optimizer.learning_rate is \"fast\"; valid: a number of 0 or more, a scheduler, or a list of schedulers")]
    [InlineData("learning_rate: 1e-3", "learning_rate: {scheduler: Linnear}", "15:30: optimizer.learning_rate.scheduler is \"Linnear\"; valid: Constant, Linear, Polynomial, Exponential, InverseSquareRootDecay, CosineDecay, PiecewiseConstant")]
    [InlineData("learning_rate: 1e-3", "learning_rate: [{scheduler: Constant, learning_rate: 1}, {scheduler: Constant, learning_rate: 2}]", "15:19: optimizer.learning_rate[0].steps is missing; every scheduler but the last needs it, an integer of 1 or more")]
    [InlineData("learning_rate: 1e-3", "learning_rate: 1e-3\n  grad_accum_steps: 3", "16:21: optimizer.grad_accum_steps is \"3\"; valid: a divisor of train_input.batch_size, 8")]
    [InlineData("learning_rate: 1e-3", "learning_rate: 1e-3\n  max_gradient_value: 1", "16:23: optimizer.max_gradient_value is \"1\", which is not supported; use max_gradient_norm")]
    [InlineData("max_steps: 10", "log_steps: 2", "17:3: runconfig.max_steps is missing; valid: an integer of 0 or more; or num_steps, or num_epochs")]
    [InlineData("max_steps: 10", "num_steps: 1\n  num_epochs: 2", "17:3: runconfig.num_steps and runconfig.num_epochs are both given; valid: one of them")]
    [InlineData("max_steps: 10", "max_steps: 10\n  logging: LOUD", "18:12: runconfig.logging is \"LOUD\"; valid: DEBUG, INFO, WARNING, ERROR, CRITICAL")]
    [InlineData("init_method: random", "init_method: topkk", "20:16: sparsity.init_method is \"topkk\"; valid: random, topk")]
    [InlineData("sparsity: 0.75", "sparsity: 1", "19:13: sparsity.sparsity is \"1\"; valid: a number from 0 to below 1")]
    [InlineData("  sparsity: 0.75\n", "", "19:3: sparsity.sparsity is missing; valid: a number from 0 to below 1")]
    [InlineData("init_method: random", "init_method: random\n  seed: -1", "21:9: sparsity.seed is \"-1\"; valid: an integer of 0 or more")]
    [InlineData("init_method: random", "init_method: random\n  type: rigl", "21:9: sparsity.type is \"rigl\", which is not supported; valid: static (the pattern stays through training)")]
    [InlineData("init_method: random", "init_method: random\n  param_name_patterns: {'ffn': 3}", "21:32: sparsity.param_name_patterns.ffn is \"3\"; valid: a map of sparsity, init_method and seed")]
    public void An_error_names_file_line_column_key_value_and_what_is_valid(string text, string replacement, string expected)
    {
        Assert.Contains(text, Sample.Text, StringComparison.Ordinal);
        string file = Write(Sample.Text.Replace(text, replacement, StringComparison.Ordinal));
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => RunParametersReader.ReadFile(file));
        Assert.Equal($"{file}:{expected}", error.Message);
    }

    [Fact]
    public void All_problems_are_reported_at_once_in_the_files_order()
    {
        string file = Write(Sample.Text
            .Replace("init_method: random", "init_method: topkk", StringComparison.Ordinal)
            .Replace("hidden_size: 64", "hidden_size: -1", StringComparison.Ordinal)
            .Replace("batch_size: 8", "batch_size: many", StringComparison.Ordinal));
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => RunParametersReader.ReadFile(file));
        Assert.Equal([$"{file}:2:16", $"{file}:11:15", $"{file}:20:16"], error.Problems.Select(problem => problem.Location));
        Assert.Equal(3, error.Message.Split(Environment.NewLine).Length);
    }

    [Fact]
    public void A_syntax_error_has_its_place()
    {
        string file = Write("model:\n  hidden_size: [1, 2\nother: 3\n");
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => RunParametersReader.ReadFile(file));
        Assert.StartsWith($"{file}:2:", error.Message, StringComparison.Ordinal);
        Assert.Contains("is not valid YAML", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "1:1: is not a run's parameters; valid: a map with the sections model, train_input, optimizer, runconfig")]
    [InlineData("- 1\n", "1:1: is not a run's parameters; valid: a map with the sections model, train_input, optimizer, runconfig")]
    [InlineData("optimizer: {}\n", "1:1: model is missing; valid: a map of keys")]
    [InlineData("model: 3\n", "1:8: model is \"3\"; valid: a map of keys")]
    [InlineData("trainer: {init: {}}\n", "1:10: trainer belongs to the layout of Model Zoo 2.4 and later; valid: the 1.8 layout, with the sections model, train_input, optimizer, sparsity, runconfig")]
    public void A_file_that_is_no_run_is_called_so(string text, string expected)
    {
        string file = Write(text);
        Assert.Equal($"{file}:{expected}", Assert.Throws<ConfigurationException>(() => RunParametersReader.ReadFile(file)).Message);
    }

    [Fact]
    public void A_missing_file_is_one_line()
    {
        Assert.Equal("nowhere.yaml: no such file", Assert.Throws<ConfigurationException>(() => RunParametersReader.ReadFile("nowhere.yaml")).Message);
    }

    [Fact]
    public void A_pattern_that_is_no_regular_expression_is_named()
    {
        string file = Write(Sample.Text.Replace("init_method: random", "init_method: random\n  param_name_patterns: ['ffn(', 'attn']", StringComparison.Ordinal));
        string message = Assert.Throws<ConfigurationException>(() => RunParametersReader.ReadFile(file)).Message;
        Assert.StartsWith($"{file}:21:25: sparsity.param_name_patterns has \"ffn(\", which is not a regular expression:", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("init_method: random", "init_method: random\n  sead: 3", "21:3: sparsity.sead is not a known key and has no effect; did you mean seed?")]
    [InlineData("hidden_size: 64", "hidden_size: 64\n  hiden_size: 32", "3:3: model.hiden_size is not a known key and has no effect; did you mean hidden_size?")]
    [InlineData("max_steps: 10", "max_steps: 10\n  colour: red", "18:3: runconfig.colour is not a known key and has no effect")]
    [InlineData("max_steps: 10", "max_steps: 3\n  max_steps: 10", "18:3: the key max_steps stands twice in this map; the last one counts")]
    [InlineData("sparsity:\n", "optimzer: {}\nsparsity:\n", "18:1: optimzer is not a known key and has no effect; did you mean optimizer?")]
    [InlineData("dropout_rate: 0.0", "dropout_rate: 0.0\n  loss_weight: 0.5", "7:16: model.loss_weight has a meaning only with loss_scaling batch_size, which is used as the Model Zoo does; leave loss_weight out for num_tokens")]
    public void What_is_doubtful_is_a_warning(string text, string replacement, string expected)
    {
        string file = Write(Sample.Text.Replace(text, replacement, StringComparison.Ordinal));
        ReadResult result = RunParametersReader.ReadFile(file);
        Assert.Equal($"{file}:{expected}", Assert.Single(result.Warnings).ToString());
        Assert.Equal(10, result.Parameters.RunConfig.MaxSteps);
    }

    private string Write(string text)
    {
        string file = directory.File("params.yaml");
        File.WriteAllText(file, text);
        return file;
    }
}
