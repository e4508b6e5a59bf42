using System.Collections.Immutable;
using SparseEngine.Configuration;
using static System.FormattableString;

namespace SparseEngine.Sweeps;

/// <summary>What a sweep is, as its folder keeps it: it goes on with the same only.</summary>
internal sealed record SweepDefinition
{
    /// <summary>The YAML file, as it was given.</summary>
    public required string ParametersFile { get; init; }

    /// <summary>What the file said, without its comments.</summary>
    public required string Configuration { get; init; }

    /// <summary>The keys in the order given.</summary>
    public required ImmutableArray<KeyDefinition> Keys { get; init; }

    /// <summary>How many seeds; null for the file's alone.</summary>
    public int? Seeds { get; init; }

    /// <summary>The options of every run.</summary>
    public required ImmutableArray<string> Options { get; init; }

    /// <summary>The runs.</summary>
    public required ImmutableArray<RunDefinition> Runs { get; init; }

    /// <summary>That of a request.</summary>
    public static SweepDefinition Of(
        SweepRequest request, string configuration, ImmutableArray<SweepAxis> axes, ImmutableArray<SweepRun> runs) => new()
    {
        ParametersFile = request.ParametersFile,
        Configuration = configuration,
        Keys =
        [
            .. axes.Select(axis => new KeyDefinition(
                axis.Text, axis.Name, [.. axis.Points.Select((text, point) => new ValueDefinition(text, axis.Label(point), axis.Yaml(point)))])),
        ],
        Seeds = request.Seeds,
        Options = [.. request.RunOptions, .. BudgetOf(request.Overrides)],
        Runs =
        [
            .. runs.Select(run => new RunDefinition(run.Name, run.Combination, run.Values, run.Seed, run.ParameterCount, run.ParametersKept)),
        ],
    };

    /// <summary>What first differs in another definition, in words about the one that the folder has; null where nothing does.</summary>
    public string? DifferenceFrom(SweepDefinition now)
    {
        foreach (KeyDefinition key in Keys)
        {
            if (now.Keys.FirstOrDefault(other => other.Path == key.Path) is not { } other)
            {
                return $"it has --set {key}";
            }

            if (!key.Values.Select(value => value.Text).SequenceEqual(other.Values.Select(value => value.Text)))
            {
                return $"it has --set {key}, not {other}";
            }

            if (key.Values.FirstOrDefault(value => !other.Values.Contains(value)) is { } changed)
            {
                return $"{changed.Text} of --set {key.Path} said something else when it began";
            }
        }

        return now.Keys.FirstOrDefault(key => Keys.All(old => old.Path != key.Path)) is { } added ? $"it has no --set {added.Path}"
            : !now.Keys.Select(key => key.Path).SequenceEqual(Keys.Select(key => key.Path)) ? $"its first --set is {Keys[0].Path}"
            : Seeds != now.Seeds ? Seeds is { } seeds ? Invariant($"it has --seeds {seeds}") : "it has no --seeds"
            : !Options.SequenceEqual(now.Options) ? $"its runs have {Words(Options)}, not {Words(now.Options)}"
            : Configuration != now.Configuration ? DifferentLine(Configuration, now.Configuration, now.ParametersFile)
            : null;
    }

    /// <summary>The options that the runs' configurations hold themselves.</summary>
    private static IEnumerable<string> BudgetOf(RunConfigOverrides options) =>
    [
        .. options.TimeBudget is { } budget ? ["--time_budget", Invariant($"{budget.TotalSeconds}")] : (string[])[],
        .. options.BudgetSteps is { } steps ? ["--budget_steps", Invariant($"{steps}")] : (string[])[],
    ];

    private static string Words(ImmutableArray<string> options) => options.IsEmpty ? "no options" : string.Join(' ', options);

    private static string DifferentLine(string before, string now, string file)
    {
        string[] old = before.Split('\n');
        string[] lines = now.Split('\n');
        int index = Enumerable.Range(0, Math.Max(old.Length, lines.Length)).First(line => Line(old, line) != Line(lines, line));
        return $"{file} said \"{Line(old, index).Trim()}\" when it began, and says \"{Line(lines, index).Trim()}\"";

        static string Line(string[] all, int index) => index < all.Length ? all[index] : "";
    }
}

/// <summary>A key of a sweep, or several that change together.</summary>
/// <param name="Path">Its path, or theirs.</param>
/// <param name="Name">What it is called in names of folders.</param>
/// <param name="Values">Its values.</param>
internal sealed record KeyDefinition(string Path, string Name, ImmutableArray<ValueDefinition> Values)
{
    /// <summary>As it was given.</summary>
    public override string ToString() => $"{Path}={string.Join(',', Values.Select(value => value.Text))}";
}

/// <summary>A value of a key.</summary>
/// <param name="Text">As it was given.</param>
/// <param name="Label">What names have of it.</param>
/// <param name="Yaml">What it stood for.</param>
internal sealed record ValueDefinition(string Text, string Label, string Yaml);

/// <summary>A run of a sweep.</summary>
/// <param name="Name">Its name and that of its folder.</param>
/// <param name="Combination">Its name without the seed.</param>
/// <param name="Values">The keys' values as they were given.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Parameters">The model's parameters.</param>
/// <param name="ParametersKept">Those that are kept.</param>
internal sealed record RunDefinition(
    string Name, string Combination, ImmutableArray<string> Values, int Seed, long Parameters, long ParametersKept);
