using System.Collections.Immutable;
using System.Text.RegularExpressions;
using SparseEngine.Metrics;
using SparseEngine.Runs;

namespace SparseEngine.Report.Runs;

/// <summary>One weight whose mask moves.</summary>
/// <param name="Name">Its name.</param>
/// <param name="States">Its mask at the run's start, then after each of the run's updates, whether it was part of them or not.</param>
internal sealed partial record MovingWeight(string Name, ImmutableArray<WeightMaskMetrics> States)
{
    /// <summary>What it is in its layer.</summary>
    public string Kind { get; } = WeightKind.Of(Name);

    /// <summary>Its layer and what it is there, short: <c>layer 3 query</c>.</summary>
    public string Place => LayerNumber().Match(Name) is { Success: true } layer ? $"layer {layer.Groups[1].ValueSpan} {Kind}" : Kind;

    [GeneratedRegex(@"\.layers\.(\d+)\.")]
    private static partial Regex LayerNumber();
}

/// <summary>The masks of a run that move, from its start to its last update.</summary>
internal sealed class MaskHistory
{
    private MaskHistory(MetricsHistory history)
    {
        Updates = [.. history.MaskUpdates.Where(update => !update.Weights.IsEmpty)];
        Steps = [0, .. Updates.Select(update => update.Step)];
        LastStep = Math.Max(Steps[^1], history.Steps.IsEmpty ? 0 : history.Steps[^1].Step);
        Weights = [.. Updates.SelectMany(update => update.Weights).Select(weight => weight.Name).Distinct().Select(Follow)];
        Total = Sum(Weights);
    }

    /// <summary>The start of the run, and the steps after which masks moved.</summary>
    public ImmutableArray<int> Steps { get; }

    /// <summary>The last step of the run so far.</summary>
    public int LastStep { get; }

    /// <summary>The weights, in parameter order.</summary>
    public ImmutableArray<MovingWeight> Weights { get; }

    /// <summary>All of these weights together, at each of <see cref="Steps"/>.</summary>
    public ImmutableArray<WeightMaskMetrics> Total { get; }

    private ImmutableArray<MaskUpdateMetrics> Updates { get; }

    /// <summary>How many elements of a weight a step computed with; null where its mask does not move.</summary>
    public long? AliveIn(string weight, int step) =>
        Weights.FirstOrDefault(moving => moving.Name == weight)?.States[Steps.Count(update => update < step) - 1].Alive;

    /// <summary>When one of <see cref="Steps"/> is, in words.</summary>
    public string PlaceOf(int at) => at == 0 ? "at the start" : $"after step {Quantity.Count(Steps[at])}";

    /// <summary>What a run logged of its masks; null where they did not move.</summary>
    public static MaskHistory? Of(MetricsHistory history) =>
        history.MaskUpdates.Any(update => !update.Weights.IsEmpty) ? new MaskHistory(history) : null;

    /// <summary>The weights of each kind together, at each of <see cref="Steps"/>.</summary>
    public IEnumerable<(string Kind, ImmutableArray<WeightMaskMetrics> States)> Kinds() =>
        Weights.GroupBy(weight => weight.Kind).Select(kind => (kind.Key, Sum(kind)));

    private MovingWeight Follow(string name)
    {
        ImmutableArray<WeightMaskMetrics>.Builder states = ImmutableArray.CreateBuilder<WeightMaskMetrics>(Steps.Length);
        ILookup<int, WeightMaskMetrics> logged = Updates
            .SelectMany(update => update.Weights.Where(weight => weight.Name == name).Select(weight => (update.Step, Weight: weight)))
            .ToLookup(update => update.Step, update => update.Weight);
        WeightMaskMetrics first = logged.First().First();

        // Until its first update a weight has what that found. What had lived before, in a run whose earlier log is lost, is at least what did
        // not grow.
        WeightMaskMetrics state = first with { Alive = first.AliveBefore, EverAlive = Math.Max(first.AliveBefore, first.EverAlive - first.Grown) };
        foreach (int step in Steps)
        {
            state = logged[step].FirstOrDefault() ?? state with { Grown = 0, Dropped = 0 };
            states.Add(state);
        }

        return new MovingWeight(name, states.MoveToImmutable());
    }

    private ImmutableArray<WeightMaskMetrics> Sum(IEnumerable<MovingWeight> weights)
    {
        MovingWeight[] all = [.. weights];
        return [.. Steps.Select((step, index) => new MaskUpdateMetrics(step, [.. all.Select(weight => weight.States[index])]).Total)];
    }
}
