using System.Collections.Immutable;
using System.Globalization;

namespace SparseEngine.Checkpoints;

/// <summary>The optimizer's part of a Model Zoo checkpoint: states by number, which are given back their parameters.</summary>
internal sealed class ZooOptimizerState
{
    private const string Prefix = "optimizer.state.";
    private const string Groups = "optimizer.param_groups.";

    // The tensors that AdamW, Adam and SGD keep of a parameter; the zoo's beta1_power, beta2_power and step are numbers.
    private static readonly string[] Known = ["exp_avg", "exp_avg_sq", "max_exp_avg_sq", "momentum_buffer"];

    private readonly ImmutableArray<(int Number, string State, ZooValue Value)> states;
    private readonly ImmutableArray<int> groupSizes;
    private readonly int elsewhere;

    private ZooOptimizerState(ImmutableArray<(int Number, string State, ZooValue Value)> states, ImmutableArray<int> groupSizes, int elsewhere)
    {
        this.states = states;
        this.groupSizes = groupSizes;
        this.elsewhere = elsewhere;
    }

    /// <summary>Whether there are states by number.</summary>
    public bool HasNumbers => !states.IsEmpty;

    /// <summary>Finds them among a file's values.</summary>
    public static ZooOptimizerState Of(ImmutableArray<ZooValue> values)
    {
        List<(int Number, string State, ZooValue Value)> states = [];
        SortedDictionary<int, int> groups = [];
        int elsewhere = 0;
        foreach (ZooValue value in values)
        {
            if (value.Key.StartsWith(Prefix, StringComparison.Ordinal))
            {
                string rest = value.Key[Prefix.Length..];
                int end = rest.IndexOf('.', StringComparison.Ordinal);
                if (end > 0 && TryNumber(rest.AsSpan(0, end), out int number))
                {
                    states.Add((number, rest[(end + 1)..], value));
                }
                else
                {
                    elsewhere++;
                }
            }
            else if (value.Key.StartsWith(Groups, StringComparison.Ordinal) && value.Key[Groups.Length..].Split('.') is [string group, "params", _]
                && TryNumber(group, out int index))
            {
                groups[index] = groups.GetValueOrDefault(index) + 1;
            }
        }

        return new ZooOptimizerState([.. states], [.. groups.Values], elsewhere);
    }

    /// <summary>Gives each state the name of its parameter.</summary>
    /// <returns>
    /// The states, a parameter's together and in the order of parameters; whether the numbers leave out the head, which then is the token table;
    /// and what is left out, with the reason, or null.
    /// </returns>
    public (ImmutableArray<ZooTensor> States, bool TiedHead, string? Problem) Assign(ImmutableArray<ZooTensor> parameters)
    {
        List<(int Number, string State, ZooValue Value)> tensors = [.. states.Where(state => !state.Value.Shape.IsEmpty)];
        if (tensors.Count == 0 && elsewhere == 0)
        {
            return ([], false, null);
        }

        int[] numbers = [.. states.Select(state => state.Number).Distinct().Order()];
        List<(int Number, string State, ZooValue Value)> known = [.. tensors.Where(state => Known.Contains(state.State))];
        Dictionary<string, ZooValue> shapes = parameters.GroupBy(parameter => parameter.Name, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.First().Value, StringComparer.Ordinal);
        Dictionary<string, int> places = shapes.Keys.Index().ToDictionary(name => name.Item, name => name.Index, StringComparer.Ordinal);
        string? problem = null;
        foreach (ImmutableArray<string> names in elsewhere > 0 ? [] : Numberings(shapes, numbers.Length))
        {
            string? misfit = numbers.Length != names.Length || numbers[^1] != names.Length - 1
                ? $"it has {numbers.Length} numbers, and the model {names.Length} parameters"
                : Misfit(known, names, shapes);
            if (misfit is null)
            {
                ImmutableArray<ZooTensor> assigned =
                [
                    .. known.OrderBy(state => places[names[state.Number]])
                        .Select(state => new ZooTensor(OptimizerStateName.Of(names[state.Number], state.State), state.Value)),
                ];
                return (assigned, !names.Contains(ZooFile.Head), Unknown(tensors));
            }

            problem ??= misfit;
        }

        return ([], false, $"the optimizer's state, {Counted.Of(tensors.Count + elsewhere, "tensor")}, is left out: "
            + (problem ?? (elsewhere > 0
                ? "its keys have no numbers"
                : $"{shapes.Keys.First(name => !ParameterOrder.Knows(name))} is a parameter whose place in the numbering is not known")));
    }

    /// <summary>The updates that the states have seen, by the powers that the zoo keeps for the correction of bias; null without such.</summary>
    /// <param name="step">The run's steps, which are the updates unless the powers say otherwise.</param>
    /// <param name="number">Reads one number of the file.</param>
    public int? Updates(int step, Func<string, double?> number)
    {
        if (states.IsEmpty)
        {
            return null;
        }

        for (int beta = 0; beta < 2; beta++)
        {
            // It is multiplied in float32, step by step: below this, and after many steps, the power tells little.
            if (number($"{Prefix}{states.Min(state => state.Number)}.beta{beta + 1}_power") is { } power and > 1e-30 and < 1
                && number($"{Groups}0.betas.{beta}") is { } factor and > 0 and < 1)
            {
                // It is that of the next update.
                double updates = Math.Round(Math.Log(power) / Math.Log(factor)) - 1;
                return Math.Abs(updates - step) <= 1 + (step / 1000.0) || updates is < 0 or > int.MaxValue ? step : (int)updates;
            }
        }

        return null;
    }

    /// <summary>The names by number, in all ways that versions of the zoo count, for models with a head of their own and without.</summary>
    private IEnumerable<ImmutableArray<string>> Numberings(Dictionary<string, ZooValue> shapes, int count)
    {
        if (!shapes.Keys.All(ParameterOrder.Knows))
        {
            yield break;
        }

        // A tied head is in the state of the model and is no parameter of its own.
        List<string> parameters = [.. shapes.Keys.Where(name => name != ZooFile.Head || shapes.Count <= count)];
        if (groupSizes.Length == 1)
        {
            yield return [.. parameters];
            yield break;
        }

        (ImmutableArray<string> Decaying, ImmutableArray<string> Others)[] ways =
            [OptimizerNumbers.OfZoo18(parameters), OptimizerNumbers.OfZoo2(parameters)];
        foreach ((ImmutableArray<string> decaying, ImmutableArray<string> others) in ways.Where(way =>
            groupSizes.Length != 2 || way.Decaying.Length == groupSizes[0]).DefaultIfEmpty(ways[0]))
        {
            yield return [.. decaying, .. others];
        }
    }

    private static string? Misfit(
        List<(int Number, string State, ZooValue Value)> known, ImmutableArray<string> names, Dictionary<string, ZooValue> shapes) =>
        known.Where(state => !state.Value.Shape.SequenceEqual(shapes[names[state.Number]].Shape))
            .Select(state => $"{state.Value.Key} is [{string.Join(", ", state.Value.Shape)}], and by its number that of {names[state.Number]}, "
                + $"[{string.Join(", ", shapes[names[state.Number]].Shape)}]")
            .FirstOrDefault();

    private static string? Unknown(List<(int Number, string State, ZooValue Value)> tensors)
    {
        List<(int Number, string State, ZooValue Value)> unknown = [.. tensors.Where(state => !Known.Contains(state.State))];
        return unknown.Count == 0
            ? null
            : $"{Counted.Of(unknown.Count, "tensor")} of the optimizer's state left out, first {unknown[0].Value.Key}: "
                + "not of AdamW, Adam or SGD";
    }

    private static bool TryNumber(ReadOnlySpan<char> text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
