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
/// <param name="keys">The keys in the order given.</param>
internal sealed class GridBuilder(SweepRequest request, YamlMapping root, ImmutableArray<SweepKey> keys)
{
    private const string Trainer = "trainer";

    private readonly List<Diagnostic> warnings = [];
    private readonly RunNames names = new(keys);

    /// <summary>What is doubtful about the runs.</summary>
    public IEnumerable<Diagnostic> Warnings => warnings;

    /// <summary>Where a file has the seed of a run.</summary>
    public static string SeedPath(YamlMapping root) => TrainerPath(root) is { } trainer ? $"{trainer}.init.seed" : "runconfig.seed";

    /// <summary>The file as a run that goes on from its own checkpoint has it: not from the one that it began with.</summary>
    public static string GoingOn(string text, string file)
    {
        YamlNode root = YamlLoader.Load(new StringReader(text), new DiagnosticCollector(file))!;
        string[] paths = TrainerPath((YamlMapping)root) is { } trainer
            ? [$"{trainer}.fit.ckpt_path", $"{trainer}.init.checkpoint.autoload_last_checkpoint"]
            : ["runconfig.checkpoint_path", "runconfig.is_pretrained_checkpoint", "runconfig.autoload_last_checkpoint"];
        return YamlWriter.Write(paths.Aggregate(root, (tree, path) => YamlPath.TryParse(path)!.Remove(tree)));
    }

    /// <summary>The runs, the last key changing first and the seed last.</summary>
    /// <exception cref="ConfigurationException">One of them is not valid.</exception>
    public ImmutableArray<SweepRun> Build()
    {
        List<(SweepValue[] Values, string Name)> combinations = [.. Combinations(0).Select(values => (values, names.Of(values)))];
        return
        [
            .. Enumerable.Range(0, request.Seeds ?? 1)
                .SelectMany(seed => combinations.Select(combination => Run(combination.Values, combination.Name, seed))),
        ];
    }

    /// <summary>The trainer's path; null in the layout of sections.</summary>
    private static string? TrainerPath(YamlMapping root) => root.Entries.FirstOrDefault(entry => entry.Key == Trainer)?.Value switch
    {
        null => null,
        YamlSequence => $"{Trainer}[0].{Trainer}",
        _ => Trainer,
    };

    private IEnumerable<SweepValue[]> Combinations(int key) => key == keys.Length
        ? [[]]
        : keys[key].Values.SelectMany(value => Combinations(key + 1).Select(rest => (SweepValue[])[value, .. rest]));

    private SweepRun Run(SweepValue[] values, string combination, int seedOffset)
    {
        string description = string.Join(' ', keys.Select((key, index) => $"{key.Path.Text}={values[index].Text}"));
        YamlMapping tree = Tree(values);
        ReadResult read = Read(tree, description);
        foreach (SweepKey key in keys)
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
            Name = request.Seeds is null ? combination : keys.IsEmpty ? Invariant($"seed={seed}") : Invariant($"{combination},seed={seed}"),
            Combination = combination,
            Values = [.. values.Select(value => value.Text)],
            Seed = seed,
            Mode = mode,
            Parameters = read.Parameters,
            ParameterCount = size.Parameters,
            ParametersKept = size.NonZeros,
        };
    }

    /// <summary>The file with values in it; sections before keys within them.</summary>
    private YamlMapping Tree(SweepValue[] values)
    {
        YamlNode tree = root;
        foreach (int index in Enumerable.Range(0, keys.Length).OrderBy(index => keys[index].Path.Depth))
        {
            try
            {
                tree = keys[index].Apply(tree, values[index]);
            }
            catch (ConfigurationException problem)
            {
                throw new ConfigurationException($"--set {keys[index].Path.Text}={values[index].Text}: {problem.Message}");
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
            seeded = YamlPath.TryParse(SeedPath(root))!.Set(tree, value);
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
            return RunParametersReader.ReadTree(tree, request.ParametersFile, request.Overrides);
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

    /// <summary>The file with max_steps in place of num_steps and num_epochs, which count anew when a run goes on.</summary>
    private YamlMapping Limited(YamlMapping tree, RunConfig config, string description)
    {
        if (config is { NumSteps: null, NumEpochs: null })
        {
            return tree;
        }

        bool startsAtZero = config.CheckpointPath is null || config.IsPretrainedCheckpoint;
        int steps = request.Overrides.MaxSteps ?? (startsAtZero ? RunLength.KnownSteps(config) : config.MaxSteps) ?? throw Named(
            new ConfigurationException(
                $"{request.ParametersFile}: num_steps and num_epochs count anew when a run goes on, and a sweep may be stopped; "
                + "valid: max_steps, there or on the command line"),
            description);
        string section = TrainerPath(root) is { } trainer ? $"{trainer}.init.loop" : "runconfig";
        YamlNode limited = Path("num_epochs").Remove(Path("num_steps").Remove(tree));
        return (YamlMapping)Path("max_steps").Set(
            limited, new YamlScalar(default, steps.ToString(CultureInfo.InvariantCulture), isPlain: true));

        YamlPath Path(string key) => YamlPath.TryParse($"{section}.{key}")!;
    }
}
