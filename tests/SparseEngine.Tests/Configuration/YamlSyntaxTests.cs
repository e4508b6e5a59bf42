using System.Numerics;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Tests.Configuration;

public sealed class YamlSyntaxTests
{
    private const string ValidFile = "valid: a map with the sections train_input, eval_input, model, sparsity, optimizer, runconfig, or trainer";

    private const string WithAnchors =
        """
        train_input: &input
          data_processor: GptHDF5DataProcessor
          data_dir: ./train/
          max_sequence_length: 32
          batch_size: 4
          shuffle: true
        eval_input:
          <<: *input
          data_dir: ./val/
          shuffle: false
        model: {vocab_size: 256, hidden_size: 32, num_hidden_layers: 2, num_heads: 4, filter_size: 128}
        """;

    [Theory]
    [InlineData("1e-5", 1e-5)]
    [InlineData("1.0e-5", 1e-5)]
    [InlineData("1.0e5", 1e5)]
    [InlineData("6.0000e-05", 6e-5)]
    [InlineData(".5", 0.5)]
    [InlineData("5.", 5)]
    [InlineData("+.5E+2", 50)]
    [InlineData("1_000.5", 1000.5)]
    [InlineData("-3", -3)]
    [InlineData("0x10", 16)]
    public void A_number_reads_as_its_writer_meant_it(string text, double expected)
    {
        Assert.True(ScalarSyntax.TryNumber(text, out double value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("1_000", 1000)]
    [InlineData("0x1F", 31)]
    [InlineData("-0x1f", -31)]
    [InlineData("0b101", 5)]
    [InlineData("017", 15)]
    [InlineData("0", 0)]
    [InlineData("1e6", 1000000)]
    [InlineData("8.0", 8)]
    public void An_integer_reads_in_every_spelling_of_YAML_1_1(string text, int expected)
    {
        Assert.True(ScalarSyntax.TryInteger(text, out BigInteger value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("1.5")]
    [InlineData("12 ")]
    [InlineData("0x")]
    [InlineData("1e")]
    [InlineData("ten")]
    [InlineData("1-2")]
    public void What_is_no_integer_is_not_taken_for_one(string text) => Assert.False(ScalarSyntax.TryInteger(text, out _));

    [Theory]
    [InlineData(".")]
    [InlineData(".inf")]
    [InlineData("nan")]
    [InlineData("1e999")]
    [InlineData("1,5")]
    [InlineData("_1")]
    [InlineData("")]
    public void What_is_no_finite_number_is_not_taken_for_one(string text) => Assert.False(ScalarSyntax.TryNumber(text, out _));

    [Theory]
    [InlineData("yes", true)]
    [InlineData("On", true)]
    [InlineData("True", true)]
    [InlineData("no", false)]
    [InlineData("OFF", false)]
    [InlineData("false", false)]
    public void Booleans_have_all_the_spellings_of_YAML_1_1(string text, bool expected)
    {
        RunParameters run = YamlRun.Read(YamlRun.Minimal + $"  check_loss_values: {text}\n");

        Assert.Equal(expected, run.RunConfig.CheckLossValues);
    }

    [Theory]
    [InlineData("~")]
    [InlineData("null")]
    [InlineData("")]
    public void A_null_value_means_the_default(string text)
    {
        RunParameters run = YamlRun.Read(YamlRun.Minimal + $"  log_steps: {text}\nsparsity: {text}\n");

        Assert.Equal(1, run.RunConfig.LogSteps);
        Assert.Null(run.Sparsity);
    }

    [Fact]
    public void Of_duplicate_keys_the_last_wins_with_a_warning()
    {
        string yaml = YamlRun.Minimal + "  max_steps: 30\n";

        Assert.Equal(30, YamlRun.Read(yaml).RunConfig.MaxSteps);
        Assert.Equal(["params.yaml:19:3: runconfig.max_steps was already given on line 17; this last value is used"], YamlRun.Warnings(yaml));
    }

    [Fact]
    public void Duplicate_keys_inside_a_list_are_named_by_their_path()
    {
        string yaml = YamlRun.Minimal.Replace(
            "learning_rate: 0.001",
            "learning_rate:\n  - {scheduler: Constant, learning_rate: 0.1, steps: 5, steps: 6}\n  - {scheduler: Constant, learning_rate: 0.2}",
            StringComparison.Ordinal);

        Assert.Equal(6, YamlRun.Read(yaml).Optimizer!.LearningRate.Schedulers[0].Steps);
        Assert.Equal(
            ["params.yaml:15:57: optimizer.learning_rate[0].steps was already given on line 15; this last value is used"],
            YamlRun.Warnings(yaml));
    }

    [Fact]
    public void A_merge_key_brings_in_what_the_map_does_not_say_itself()
    {
        RunParameters run = YamlRun.Read(WithAnchors);

        Assert.Equal((4, 32), (run.EvalInput!.BatchSize, run.EvalInput.MaxSequenceLength));
        Assert.Equal(["./val/"], run.EvalInput.DataDirectories);
        Assert.False(run.EvalInput.Shuffle);
        Assert.True(run.TrainInput!.Shuffle);
        Assert.Empty(YamlRun.Warnings(WithAnchors));
    }

    [Fact]
    public void Of_several_merged_maps_the_first_wins()
    {
        const string merge =
            "eval_input:\n  <<: [{batch_size: 8, data_dir: a}, {batch_size: 16, max_sequence_length: 8}]\n  data_processor: GptHDF5DataProcessor\n";

        InputParameters eval = YamlRun.Read(YamlRun.Minimal + merge).EvalInput!;

        Assert.Equal((8, 8), (eval.BatchSize, eval.MaxSequenceLength));
        Assert.Equal(["a"], eval.DataDirectories);
    }

    [Fact]
    public void An_alias_stands_for_its_anchor()
    {
        string yaml = YamlRun.Minimal.Replace("data_dir: ./train/", "data_dir: &dir ./train/", StringComparison.Ordinal)
            + "eval_input: {data_processor: GptHDF5DataProcessor, data_dir: *dir, batch_size: 1, max_sequence_length: 8}\n";

        Assert.Equal(["./train/"], YamlRun.Read(yaml).EvalInput!.DataDirectories);
    }

    [Theory]
    [InlineData("model: a: b\n", "params.yaml:1:9: this is not valid YAML: While scanning a plain scalar value, found invalid mapping.")]
    [InlineData("model: [1,\nb: 2\n", "params.yaml:1:10: this is not valid YAML: a bracket, brace or quote is not closed")]
    [InlineData("model: *nope\n", "params.yaml:1:8: this is not valid YAML: no anchor &nope comes before *nope")]
    [InlineData("a: &a\n  b: *a\n", "params.yaml:2:6: this is not valid YAML: no anchor &a comes before *a")]
    [InlineData("a: 1\n---\nb: 1\n", "params.yaml:2:1: this is not valid YAML: a second document begins here; a run has one")]
    [InlineData("? [a]\n: 1\n", "params.yaml:1:3: this is not valid YAML: a key must be a single value")]
    [InlineData("a: !!python/none 1\n", "params.yaml:1:4: this is not valid YAML: the tag tag:yaml.org,2002:python/none is not one of YAML's own")]
    [InlineData("a: !mine 1\n", "params.yaml:1:4: this is not valid YAML: the tag !mine is not one of YAML's own")]
    [InlineData("a: {<<: 1}\n", "params.yaml:1:5: this is not valid YAML: a merge key (<<) takes a map or a list of maps")]
    [InlineData("", "params.yaml: the file is empty; " + ValidFile)]
    [InlineData("# nothing\n", "params.yaml: the file is empty; " + ValidFile)]
    [InlineData("- 1\n", "params.yaml: the file holds a list; " + ValidFile)]
    public void A_file_that_is_no_map_of_sections_is_one_error(string yaml, string error) => Assert.Equal([error], YamlRun.Errors(yaml));

    [Fact]
    public void A_missing_file_is_one_line()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName(), "params.yaml");

        ConfigurationException error = Assert.Throws<ConfigurationException>(() => RunParametersReader.ReadFile(path));

        Assert.Equal($"{path}: there is no such file", error.Message);
    }

    [Fact]
    public void A_folder_is_not_a_file()
    {
        string path = Path.GetTempPath();

        ConfigurationException error = Assert.Throws<ConfigurationException>(() => RunParametersReader.ReadFile(path));

        Assert.Equal($"{path}: this is a folder; give a YAML file", error.Message);
    }
}
