using System.Collections.Immutable;
using System.Globalization;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Configuration.Yaml;
using SparseEngine.Runs;
using SparseEngine.Training;
using static System.FormattableString;

namespace SparseEngine.Sweeps;

/// <summary>Makes the runs of a grid and checks each.</summary>
/// <param name="request">What is asked for.</param>
/// <param name="root">The file.</param>
/// <param name="axes">The keys in the order given.</param>
internal sealed class GridBuilder(SweepRequest request, YamlMapping root, ImmutableArray<SweepAxis> axes)
{
    // A budget stands in the runs' own files, where the steps that it chooses take its place.
    private readonly RunConfigOverrides options = request.Overrides with { TimeBudget = null, BudgetSteps = null };
    private readonly List<Diagnostic> warnings = [];
    private readonly RunNames names = new(axes);

    /// <summary>What is doubtful about the runs.</summary>
    public IEnumerable<Diagnostic> Warnings => warnings;

    /// <summary>The runs, the last key changing first and the seed last.</summary>
    /// <exception cref="ConfigurationException">One of them is not valid.</exception>
    public ImmutableArray<SweepRun> Build()
    {
        List<(int[] Points, string Name)> combinations = [.. Combinations(0).Select(points => (points, names.Of(points)))];
        return
        [
            .. Enumerable.Range(0, request.Seeds ?? 1)
                .SelectMany(seed => combinations.Select(combination => Run(combination.Points, combination.Name, seed))),
        ];
    }

    private IEnumerable<int[]> Combinations(int axis) => axis == axes.Length
        ? [[]]
        : Enumerable.Range(0, axes[axis].Points.Length).SelectMany(point => Combinations(axis + 1).Select(rest => (int[])[point, .. rest]));

    private SweepRun Run(int[] points, string combination, int seedOffset)
    {
        string description = string.Join(' ', axes.Select((axis, index) => $"{axis.Text}={axis.Points[points[index]]}"));
        YamlMapping tree = RunFile.WithBudget(Tree(points), request.Overrides.TimeBudget, request.Overrides.BudgetSteps);
        ReadResult read = Read(tree, description);
        foreach (SweepKey key in axes.SelectMany(axis => axis.Keys))
        {
            if (key.FindUnknown(read.Warnings, root) is { } unknown)
            {
                throw new ConfigurationException($"--set {key.Path.Text}: {unknown}");
            }
        }

        int seed = (int)Math.Min((long)read.Parameters.RunConfig.Seed + seedOffset, int.MaxValue);
        read = Read(Limited(Seeded(tree, read.Parameters, seed), read.Parameters.RunConfig, description), description);
        warnings.AddRange(read.Warnings.Where(warning => !warnings.Contains(warning)));
        RunMode mode = read.Parameters.EvalInput is null ? RunMode.Train : RunMode.TrainAndEval;
        RunDescription size = Check(read.Parameters, mode, description);
        return new SweepRun
        {
            Name = request.Seeds is null ? combination : axes.IsEmpty ? Invariant($"seed={seed}") : Invariant($"{combination},seed={seed}"),
            Combination = combination,
            Values = [.. axes.Select((axis, index) => axis.Points[points[index]])],
            Seed = seed,
            Mode = mode,
            Parameters = read.Parameters,
            ParameterCount = size.Parameters,
            ParametersKept = size.NonZeros,
        };
    }

    /// <summary>The file with values in it; sections before keys within them.</summary>
    private YamlMapping Tree(int[] points)
    {
        YamlNode tree = root;
        IEnumerable<(SweepKey Key, SweepValue Value)> settings =
            axes.SelectMany((axis, index) => axis.Keys.Select(key => (key, key.Values[points[index]])));
        foreach ((SweepKey key, SweepValue value) in settings.OrderBy(setting => setting.Key.Path.Depth))
        {
            try
            {
                tree = key.Apply(tree, value);
            }
            catch (ConfigurationException problem)
            {
                throw new ConfigurationException($"--set {key.Path.Text}={value.Text}: {problem.Message}");
            }
        }

        return (YamlMapping)tree;
    }

    private YamlMapping Seeded(YamlMapping tree, RunParameters parameters, int seed)
    {
        YamlNode seeded = tree;
        if (request.Seeds is not null)
        {
            YamlScalar value = new(default, seed.ToString(CultureInfo.InvariantCulture), isPlain: true);
            seeded = RunPaths.Seed(root).Set(tree, value);
        }

        YamlPath sparsity = YamlPath.TryParse("sparsity")!;
        return parameters.Sparsity is { } masks && masks.Groups.Any(group => group.Seed is null) && sparsity.In(tree) is { } section
            ? (YamlMapping)sparsity.Set(seeded, SparsitySeeds.With(section, seed))
            : (YamlMapping)seeded;
    }

    private ReadResult Read(YamlMapping tree, string description)
    {
        try
        {
            return RunParametersReader.ReadTree(tree, request.ParametersFile, options);
        }
        catch (ConfigurationException problem)
        {
            throw Named(problem, description);
        }
    }

    private static RunDescription Check(RunParameters parameters, RunMode mode, string description)
    {
        try
        {
            RunRequirements.Check(parameters, mode, ranks: 1);
            return RunPlanner.Describe(parameters);
        }
        catch (ConfigurationException problem)
        {
            throw Named(problem, description);
        }
    }

    private static ConfigurationException Named(ConfigurationException problem, string description)
    {
        string combination = description.Length > 0 ? $"{description}: " : "";
        return new ConfigurationException(problem.Message.Contains('\n', StringComparison.Ordinal)
            ? string.Join(Environment.NewLine, problem.Problems.Select(one => $"{combination}{one}"))
            : $"{combination}{problem.Message}");
    }

    /// <summary>
    /// The file with max_steps in place of num_steps and num_epochs, which count anew when a run goes on, unless a budget has them say what the
    /// schedules are written for.
    /// </summary>
    private YamlMapping Limited(YamlMapping tree, RunConfig config, string description)
    {
        if (config is { NumSteps: null, NumEpochs: null } or { TimeBudget: not null } or { BudgetSteps: not null })
        {
            return tree;
        }

        bool startsAtZero = config.CheckpointPath is null || config.IsPretrainedCheckpoint;
        int steps = options.MaxSteps ?? (startsAtZero ? RunLength.KnownSteps(config) : config.MaxSteps) ?? throw Named(
            new ConfigurationException(
                $"{request.ParametersFile}: num_steps and num_epochs count anew when a run goes on, and a sweep may be stopped; "
                + "valid: max_steps, there or on the command line"),
            description);
        YamlNode limited = RunPaths.Length(tree, "num_epochs").Remove(RunPaths.Length(tree, "num_steps").Remove(tree));
        return (YamlMapping)RunPaths.Length(tree, "max_steps").Set(
            limited, new YamlScalar(default, steps.ToString(CultureInfo.InvariantCulture), isPlain: true));
    }
}
