using SparseEngine.Configuration;

namespace SparseEngine.Tests.Configuration;

public sealed class TrainerInputTests
{
    private const string Loader = "{data_processor: GptHDF5DataProcessor, batch_size: 2, data_dir: ";

    private static RunParameters Read(string yaml) => YamlRun.Read(TrainerYaml.Minimal + yaml);

    private static string[] Data(IEnumerable<InputParameters> inputs) => [.. inputs.SelectMany(input => input.DataDirectories)];

    [Fact]
    public void Each_mode_evaluates_on_data_of_its_own()
    {
        RunParameters run = Read(
            $"    val_dataloader: [{Loader}a}}, {Loader}b}}]\n"
            + $"  validate:\n    val_dataloader: {Loader}c}}\n    ckpt_path: c.mdl\n"
            + $"  validate_all:\n    val_dataloaders: [{Loader}d}}, {Loader}e}}, {Loader}f}}]\n    ckpt_paths: [x.mdl, 'y*.mdl']\n");

        Assert.Equal("a", Assert.Single(run.EvalInput!.DataDirectories));
        Assert.Equal(["b"], Data(run.FurtherEvalInputs));
        Assert.Equal(["c"], Data(run.Validate!.Inputs));
        Assert.Equal("c.mdl", run.Validate.CheckpointPath);
        Assert.Equal(["d", "e", "f"], Data(run.ValidateAll!.Inputs));
        Assert.Equal(["x.mdl", "y*.mdl"], run.ValidateAll.CheckpointPaths);
        Assert.Null(run.RunConfig.CheckpointPath);
    }

    [Fact]
    public void A_mode_that_the_file_says_nothing_of_takes_what_another_one_has()
    {
        RunParameters run = Read($"  validate:\n    val_dataloader: {Loader}c}}\n");

        Assert.Equal(["c"], run.EvalInput!.DataDirectories);
        Assert.Equal(["c"], Data(run.Validate!.Inputs));
        Assert.Equal(["c"], Data(run.ValidateAll!.Inputs));
        Assert.Empty(Read("").Validate!.Inputs);
    }

    [Fact]
    public void Training_starts_from_the_checkpoint_of_fit_and_evaluation_does_not()
    {
        RunParameters run = Read($"    ckpt_path: start.mdl\n  validate:\n    val_dataloader: {Loader}c}}\n");

        Assert.Equal("start.mdl", run.RunConfig.CheckpointPath);
        Assert.Null(run.Validate!.CheckpointPath);
    }

    [Fact]
    public void An_anchored_map_is_complained_of_once() => Assert.Equal(
        ["params.yaml:30:25: trainer.fit.val_dataloader.batch_size is 0; valid: an integer of at least 1"],
        YamlRun.Errors(
            TrainerYaml.Minimal + "    val_dataloader: &v {batch_size: 0, data_processor: GptHDF5DataProcessor, data_dir: d}\n"
            + "  validate:\n    val_dataloader: *v\n  validate_all:\n    val_dataloaders: [*v, *v]\n"));

    [Fact]
    public void Every_loader_is_checked_against_the_model() => Assert.Equal(
        [
            "params.yaml:32:7: trainer.validate.val_dataloader[1].max_sequence_length is 9999; "
            + "valid: at most trainer.init.model.max_position_embeddings, 1024",
        ],
        YamlRun.Errors(
            TrainerYaml.Minimal + $"  validate:\n    val_dataloader: [{Loader}c}}, {{\n      max_sequence_length: 9999, batch_size: 2, data_dir: d,\n"
            + "      data_processor: GptHDF5DataProcessor}]\n"));

    [Fact]
    public void Text_that_is_validated_on_is_left_out_of_training_whichever_loader_says_how_much()
    {
        const string text = "{data_processor: TextDataProcessor, max_sequence_length: 32, batch_size: 4, data_dir: t";
        string yaml = TrainerYaml.Minimal[..TrainerYaml.Minimal.IndexOf("    train_dataloader", StringComparison.Ordinal)]
            + $"    train_dataloader: {text}}}\n    val_dataloader: {text}}}\n  validate:\n    val_dataloader: {text}, validation_share: 0.2}}\n";

        RunParameters run = YamlRun.Read(yaml);

        Assert.Equal((0.2, 0.2, 0.2), (
            run.TrainInput!.ValidationShare, run.EvalInput!.ValidationShare, Assert.Single(run.Validate!.Inputs).ValidationShare));
    }

    [Theory]
    [InlineData("    val_dataloader: 5\n", "30:5: trainer.fit.val_dataloader is 5; valid: a map of settings, or a list of such maps")]
    [InlineData("    val_dataloader: [5]\n", "30:22: trainer.fit.val_dataloader[0] is 5; valid: a map of settings")]
    [InlineData("  validate_all:\n    ckpt_paths: [[a]]\n", "31:18: trainer.validate_all.ckpt_paths[0] is a list; valid: a path")]
    [InlineData("  validate_all:\n    ckpt_paths: {}\n", "31:5: trainer.validate_all.ckpt_paths is an empty map; valid: a path, or a list of paths")]
    public void A_wrong_loader_or_path_is_named(string yaml, string error) =>
        Assert.Equal(["params.yaml:" + error], YamlRun.Errors(TrainerYaml.Minimal + yaml));
}
