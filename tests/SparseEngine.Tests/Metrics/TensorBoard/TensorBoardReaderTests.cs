using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using SparseEngine.Metrics;
using SparseEngine.Runs;
using SparseEngine.Tests.Training;

namespace SparseEngine.Tests.Metrics.TensorBoard;

/// <summary>What TensorBoard itself reads, where a python3 on the PATH has it.</summary>
public sealed class TensorBoardReaderTests : IDisposable
{
    private readonly TestRun run = new();

    public void Dispose() => run.Dispose();

    [Fact]
    public void TensorBoard_reads_the_scalars_and_texts_of_a_run_that_was_resumed()
    {
        Assert.SkipUnless(
            Python("import tensorboard.backend.event_processing.event_accumulator").Code == 0,
            "There is no python3 with TensorBoard: pip install tensorboard.");
        run.Parameters = run.Parameters with { Text = "runconfig: {max_steps: 8}\n" };
        run.StopAfter = 5;
        run.With(config => config with { CheckpointSteps = 3, EvalFrequency = 2 }).Execute(RunMode.TrainAndEval);
        File.Delete(run.CheckpointPath(5));
        run.StopAfter = null;
        run.Execute(RunMode.TrainAndEval);

        JsonElement train = Read("train");
        JsonElement eval = Read("eval");

        MetricsHistory expected = MetricsHistory.Read(run.Folder);
        AssertScalars(expected.Steps.Select(step => (step.Step, step.Loss)), train.GetProperty("loss"));
        AssertScalars(expected.Steps.Select(step => (step.Step, step.LearningRate)), train.GetProperty("learning_rate"));
        AssertScalars(expected.Steps.Select(step => (step.Step, step.GradNorm)), train.GetProperty("grad_norm"));
        AssertScalars(expected.Steps.Select(step => (step.Step, step.FlopsExecuted)), train.GetProperty("flops_executed"));
        AssertScalars(expected.Evaluations.Select(evaluation => (evaluation.Step, evaluation.Loss)), eval.GetProperty("loss"));
        AssertScalars(expected.Evaluations.Select(evaluation => (evaluation.Step, evaluation.Accuracy!.Value)), eval.GetProperty("accuracy"));
        AssertScalars([(1, 0.75), (4, 0.75)], train.GetProperty($"sparsity/{run.Overview!.Plan.Weights[0].Name}"));
        Assert.Equal(
            """[[1,"    runconfig: {max_steps: 8}"],[4,"    runconfig: {max_steps: 8}"]]""",
            JsonSerializer.Serialize(train.GetProperty("config")));
    }

    private static void AssertScalars(IEnumerable<(int Step, double Value)> expected, JsonElement read) =>
        Assert.Equal(
            expected.Select(point => (point.Step, (float)point.Value)),
            read.EnumerateArray().Select(point => (point[0].GetInt32(), (float)point[1].GetDouble())));

    private JsonElement Read(string folder)
    {
        (int code, string output, string errors) = Python(
            """
            import json, sys
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
            run = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "tensors": 0}).Reload()
            read = {tag: [[point.step, point.value] for point in run.Scalars(tag)] for tag in run.Tags()["scalars"]}
            for tag in run.Tags()["tensors"]:
                read[tag] = [[point.step, point.tensor_proto.string_val[0].decode()] for point in run.Tensors(tag)]
            print(json.dumps(read))
            """,
            Path.Combine(run.Folder, folder));
        Assert.True(code == 0, errors);
        return JsonDocument.Parse(output).RootElement;
    }

    private static (int Code, string Output, string Errors) Python(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(
                new ProcessStartInfo("python3", ["-c", program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, errors.Result);
        }
        catch (Win32Exception none)
        {
            return (-1, "", none.Message);
        }
    }
}
