using SparseEngine.Configuration;

namespace SparseEngine.Tests.Configuration;

public sealed class TrainerCallbackTests
{
    private static string With(string callbacks) => TrainerYaml.With("    seed: 1\n", $"    callbacks:\n    - {callbacks}\n");

    [Theory]
    [InlineData("CheckLoss: {}", true)]
    [InlineData("CheckLoss:", false)]
    [InlineData("CheckLoss: false", false)]
    [InlineData("checkloss: null", false)]
    [InlineData("ComputeNorm: {}", true)]
    public void Losses_are_checked_unless_the_callback_is_turned_off(string callback, bool isChecked) =>
        Assert.Equal(isChecked, YamlRun.Read(With(callback)).RunConfig.CheckLossValues);

    [Fact]
    public void The_metrics_of_an_evaluation_can_be_turned_off()
    {
        Assert.True(YamlRun.Read(TrainerYaml.Minimal).Model.ComputeEvalMetrics);
        Assert.False(YamlRun.Read(With("ModelEvalMetrics:")).Model.ComputeEvalMetrics);
    }

    [Fact]
    public void Old_checkpoints_are_deleted_where_a_number_is_given() =>
        Assert.Equal(3, YamlRun.Read(With("KeepNCheckpoints: {n: 3}")).RunConfig.KeepCheckpointMax);

    [Theory]
    [InlineData("model", true)]
    [InlineData("[model]", true)]
    [InlineData("all", false)]
    public void The_weights_alone_are_taken_of_a_checkpoint_that_is_given(string states, bool alone)
    {
        string yaml = With($"LoadCheckpointStates: {{load_checkpoint_states: {states}}}");

        Assert.False(YamlRun.Read(yaml).RunConfig.IsPretrainedCheckpoint);
        Assert.Equal(alone, YamlRun.Read(yaml, new RunConfigOverrides { CheckpointPath = "x.mdl" }).RunConfig.IsPretrainedCheckpoint);
        Assert.Equal(alone, YamlRun.Read(yaml + "    ckpt_path: x.mdl\n").RunConfig.IsPretrainedCheckpoint);
    }

    [Theory]
    [InlineData(
        "Lora: {lora_params: {}}",
        "24:7: trainer.init.callbacks[0].Lora is not implemented, and what is trained would be another; leave it out")]
    [InlineData(
        "WeightCompression: {}", "24:7: trainer.init.callbacks[0].WeightCompression is not implemented, and what is trained would be "
        + "another; leave it out")]
    [InlineData("5", "24:7: trainer.init.callbacks[0] is 5; valid: a list of callbacks, each a map of one key: its name")]
    [InlineData(
        "LoadCheckpointStates: {load_checkpoint_states: optimizer}",
        "24:30: trainer.init.callbacks[0].LoadCheckpointStates.load_checkpoint_states is \"optimizer\"; valid: all, or model for the weights alone")]
    public void A_callback_that_would_train_another_model_is_refused(string callback, string error) =>
        Assert.Equal(["params.yaml:" + error], YamlRun.Errors(With(callback)));

    [Theory]
    [InlineData("ComputNorm: {}", "24:7: trainer.init.callbacks[0].ComputNorm is not a known callback; did you mean ComputeNorm?")]
    [InlineData("MyOwn: {}", "24:7: trainer.init.callbacks[0].MyOwn is not a known callback; it is ignored")]
    [InlineData("EleutherEvalHarness: {}", "24:7: trainer.init.callbacks[0].EleutherEvalHarness is not run here; it changes nothing that is trained")]
    [InlineData(
        "KeepNCheckpoints: {n: 2}\n    loggers:\n    - WandLogger: {}", "26:7: trainer.init.loggers[0].WandLogger is not a known logger; "
        + "did you mean WandbLogger?")]
    public void An_unknown_callback_is_a_warning(string callback, string warning) =>
        Assert.Equal(["params.yaml:" + warning], YamlRun.Warnings(With(callback)));
}
