using System.Text.Json;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Runs;
using SparseEngine.Tests.Shared;
using SparseEngine.Tests.Training;

namespace SparseEngine.Tests.Metrics.TensorBoard;

/// <summary>The event files of real runs.</summary>
public sealed class RunEventsTests : IDisposable
{
    private readonly TestRun run = new();

    public void Dispose() => run.Dispose();

    [Fact]
    public void Scalars_are_the_numbers_of_metrics_jsonl()
    {
        run.With(config => config with { EvalFrequency = 3, LogSteps = 2 }).Execute(RunMode.TrainAndEval);

        List<(string Folder, int Step, string Tag, float? Value)> expected = [];
        foreach (string line in File.ReadLines(Path.Combine(run.Folder, "metrics.jsonl")))
        {
            JsonElement json = JsonDocument.Parse(line).RootElement;
            bool evaluates = json.TryGetProperty("eval_loss", out _);
            expected.AddRange(json.EnumerateObject().Where(number => number.Name != "step").Select(number => (
                evaluates ? "eval" : "train",
                json.GetProperty("step").GetInt32(),
                number.Name.StartsWith("eval_", StringComparison.Ordinal) ? number.Name["eval_".Length..] : number.Name,
                (float?)number.Value.GetDouble())));
        }

        Assert.Equal((4 * 9) + (3 * 4), expected.Count);
        Assert.Equal(expected.Where(number => number.Folder == "train"), Scalars("train"));
        Assert.Equal(expected.Where(number => number.Folder == "eval"), Scalars("eval"));
    }

    [Fact]
    public void The_first_step_has_the_sparsity_of_each_sparse_weight_and_of_the_model()
    {
        run.Execute();

        IReadOnlyList<ReadValue> values = Assert.Single(Events("train"), record => record.Values is [{ Tag: "sparsity/total" }, ..]).Values;
        Assert.Equal(1 - (float)((double)run.Overview!.NonZeros / run.Overview.Parameters), values[0].Number!.Value, 1e-6f);
        Assert.Equal(run.Overview.Plan.Weights.Select(weight => $"sparsity/{weight.Name}"), values.Skip(1).Select(value => value.Tag));
        Assert.Equal(2 * 6, values.Count - 1);
        Assert.All(values.Skip(1), value => Assert.Equal(0.75f, value.Number));
    }

    [Fact]
    public void Updates_of_masks_have_their_tags_and_the_share_of_zeros_of_the_whole_model_goes_on()
    {
        DynamicSparsity dynamic = new(
            SparsityAlgorithm.Gmp, new CyclingValue([0.25, 0.5, 0.75]), new PeriodicUpdates(3), DynamicSparsity.DefaultDropFraction);
        run.Parameters = run.Parameters with
        {
            Sparsity = new SparsityParameters
            {
                Selection = SparsitySelection.Default,
                Groups = [new SparsityGroup(null, 0, SparsityMethod.TopK, 1, "params.yaml:1:1") { Dynamic = dynamic }],
            },
        };
        run.Execute();

        long sparse = run.Overview!.Plan.Weights.Sum(weight => weight.Total);
        string name = run.Overview.Plan.Weights[0].Name;
        (int Step, string Tag, float? Number)[] numbers =
            [.. Events("train").SelectMany(record => record.Values.Select(value => (record.Step, value.Tag, value.Number)))];
        Assert.Equal([(1, 0.25f), (3, 0.5f), (6, 0.75f)], Of($"sparsity/{name}"));
        Assert.Equal([(3, 0f), (6, 0f)], Of($"grown/{name}"));
        Assert.Equal([(3, 0.75f), (6, 0.75f)], Of("ever_alive/total"));
        Assert.Equal([(3, sparse / 4f), (6, sparse / 4f)], Of("dropped/total"));
        double ofModel = (double)sparse / run.Overview.Parameters;
        Assert.Equal([(1, (float)(0.25 * ofModel)), (3, (float)(0.5 * ofModel)), (6, (float)(0.75 * ofModel))], Of("sparsity/total"));

        IEnumerable<(int, float)> Of(string tag) =>
            numbers.Where(number => number.Tag == tag).Select(number => (number.Step, number.Number!.Value));
    }

    [Fact]
    public void A_dense_run_has_no_sparsity()
    {
        run.Parameters = run.Parameters with { Sparsity = null };
        run.Execute();
        Assert.DoesNotContain(
            Events("train").SelectMany(record => record.Values), value => value.Tag.StartsWith("sparsity/", StringComparison.Ordinal));
    }

    [Fact]
    public void The_configuration_is_the_YAML_as_a_block_of_code()
    {
        string file = TestData.PathOf("tiny-random75", "params.yaml");
        RunParameters read = RunParametersReader.ReadFile(file).Parameters;
        run.Parameters = run.Parameters with { Text = read.Text };
        run.Execute();

        ReadEvent record = Assert.Single(Events("train"), record => record.Values is [{ Tag: "config" }]);
        Assert.Equal(1, record.Step);
        Assert.Equal("text", record.Values[0].Plugin);
        string[] shown = record.Values[0].Text!.Split('\n');
        Assert.All(shown, line => Assert.StartsWith("    ", line, StringComparison.Ordinal));
        Assert.Equal(File.ReadAllLines(file), shown.Select(line => line[4..]));
    }

    [Fact]
    public void A_resumed_run_tells_TensorBoard_to_drop_the_steps_that_it_does_again()
    {
        run.StopAfter = 5;
        run.With(config => config with { CheckpointSteps = 3, EvalFrequency = 2 }).Execute(RunMode.TrainAndEval);
        File.Delete(run.CheckpointPath(5));
        run.StopAfter = null;
        run.Execute(RunMode.TrainAndEval);

        foreach (string folder in (string[])["train", "eval"])
        {
            Assert.Equal(2, EventReader.Files(Path.Combine(run.Folder, folder)).Length);
            ReadEvent[] starts = [.. Events(folder).Where(record => record.SessionStatus is not null)];
            Assert.Equal([1, 4], starts.Select(record => record.Step));
            Assert.All(starts, record => Assert.Equal(1, record.SessionStatus));
        }

        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], AfterPurge("train", "loss"));
        Assert.Equal([2, 4, 6, 8], AfterPurge("eval", "loss"));
        Assert.Equal([1, 4], AfterPurge("train", "sparsity/total"));
    }

    [Fact]
    public void A_run_that_only_trains_drops_later_evaluations_and_begins_no_folder_for_them()
    {
        run.Execute();
        Assert.False(Directory.Exists(Path.Combine(run.Folder, "eval")));

        run.With(config => config with { MaxSteps = 9 }).Execute(RunMode.TrainAndEval);
        File.Delete(run.CheckpointPath(9));
        run.Execute();
        Assert.Empty(AfterPurge("eval", "loss"));
    }

    [Fact]
    public void Evaluating_checkpoints_adds_one_file_and_drops_nothing()
    {
        run.With(config => config with { CheckpointSteps = 3 }).Execute(RunMode.TrainAndEval);
        run.Execute(RunMode.EvalAll);

        Assert.Equal(2, EventReader.Files(Path.Combine(run.Folder, "eval")).Length);
        Assert.Single(EventReader.Files(Path.Combine(run.Folder, "train")));
        Assert.Equal([8, 3, 6, 8], AfterPurge("eval", "loss"));
    }

    [Fact]
    public void Each_file_begins_with_the_version_and_its_events_are_dated()
    {
        DateTimeOffset before = DateTimeOffset.UtcNow;
        run.Execute();

        IReadOnlyList<ReadEvent> events = Events("train");
        Assert.Equal("brain.Event:2", events[0].Version);
        Assert.All(events.Skip(1), record => Assert.Null(record.Version));
        Assert.All(
            events,
            record => Assert.InRange(record.WallTime, before.ToUnixTimeMilliseconds() / 1000.0, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + 1));
        Assert.Equal(events.Select(record => record.WallTime).Order(), events.Select(record => record.WallTime));
    }

    private IReadOnlyList<ReadEvent> Events(string folder) => EventReader.ReadFolder(Path.Combine(run.Folder, folder));

    private IEnumerable<(string Folder, int Step, string Tag, float? Value)> Scalars(string folder) =>
        from record in Events(folder)
        from value in record.Values
        where !value.Tag.Contains('/') && value.Number is not null
        select (folder, record.Step, value.Tag, value.Number);

    /// <summary>The steps of a tag that are left when each START has dropped its step and those after it, as TensorBoard does.</summary>
    private List<int> AfterPurge(string folder, string tag)
    {
        List<int> steps = [];
        foreach (ReadEvent record in Events(folder))
        {
            if (record.SessionStatus is 1)
            {
                steps.RemoveAll(step => step >= record.Step);
            }

            if (record.Values.Any(value => value.Tag == tag))
            {
                steps.Add(record.Step);
            }
        }

        return steps;
    }
}
