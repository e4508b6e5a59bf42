using System.Globalization;
using SparseEngine.Runs;
using static System.FormattableString;

namespace SparseEngine.Cli.Output;

/// <summary>What a run's log file says in the words of Model Zoo 1.8, for scripts that look for them.</summary>
/// <remarks>modelzoo/common/pytorch of Release_1.8.0: pytorch_runner.py, pytorch_base_runner.py, pytorch_cs_appliance.py.</remarks>
internal static class ZooLog
{
    /// <summary>A training step.</summary>
    public static string Step(RunOverview run, StepMetrics step)
    {
        string mode = run.Mode == RunMode.TrainAndEval ? "Train_And_Eval" : "Train";
        string device = run.Device.StartsWith("host", StringComparison.Ordinal) ? "cpu" : "cuda";
        string time = DateTime.Now.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        return Invariant($"| {mode} Device={device}, Step={step.Step}, Loss={step.Loss:0.00000}, Time={time}");
    }

    /// <summary>An evaluation.</summary>
    public static IEnumerable<string> Evaluation(EvaluationMetrics evaluation)
    {
        string[] metrics =
        [
            .. evaluation.Accuracy is { } accuracy ? [Invariant($"'eval/accuracy': {accuracy}")] : (string[])[],
            .. evaluation.Perplexity is { } perplexity ? [Invariant($"'eval/lm_perplexity': {perplexity}")] : (string[])[],
        ];
        return
        [
            .. metrics.Length > 0 ? [$"Avg eval_metrics = {{{string.Join(", ", metrics)}}}"] : (string[])[],
            Invariant($"Avg Eval. Loss = {evaluation.Loss}"),
        ];
    }

    /// <summary>A checkpoint.</summary>
    public static string Checkpoint(int step) => Invariant($"Saved checkpoint at global step: {step}");

    /// <summary>The end of a run that has done all it was to.</summary>
    public static string End(RunMode mode) => mode switch
    {
        RunMode.Train => "Training Completed Successfully!",
        RunMode.TrainAndEval => "Training and Evaluation Completed Successfully!",
        _ => "Evaluation Completed Successfully!",
    };
}
