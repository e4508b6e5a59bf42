using System.Globalization;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>A run's YAML with the command line's options in it: read without them, from whatever folder, it is the same run.</summary>
internal static class MergedConfiguration
{
    private const string DataDirectory = "data_dir";

    /// <summary>The text; null for a run that comes from no file.</summary>
    /// <param name="run">The run.</param>
    /// <param name="mode">The word of its mode.</param>
    public static string? Of(RunParameters run, string mode)
    {
        if (run.Text.Length == 0 || YamlLoader.Load(new StringReader(run.Text), new DiagnosticCollector(run.File)) is not YamlMapping root)
        {
            return null;
        }

        RunConfigOverrides options = run.Overrides;
        YamlMapping merged = ReferenceEquals(run.Keys, KeyNames.Trainer) ? InTrainer(root, options) : InSections(root, options, mode);
        return YamlWriter.Write(WithWholePaths(merged, run.File));
    }

    private static YamlMapping InSections(YamlMapping root, RunConfigOverrides options, string mode)
    {
        YamlMapping merged = Set(root, mode, "runconfig", "mode");
        foreach ((string key, object? value) in Options(options))
        {
            merged = Set(merged, value, "runconfig", key);
        }

        return WithoutReplaced(merged, options, "runconfig");
    }

    private static YamlMapping InTrainer(YamlMapping root, RunConfigOverrides options)
    {
        const string trainer = "trainer";
        const string init = "init";
        const string loop = "loop";
        if (Find(root, trainer) is YamlSequence { Items: [YamlMapping only] } list)
        {
            // A list of one trainer is that trainer under a key of its own.
            return Replace(root, new YamlEntry(trainer, default, new YamlSequence(list.Position, [InTrainer(only, options)])));
        }

        YamlMapping merged = Set(root, options.ModelDirectory, trainer, init, "model_dir");
        merged = Set(merged, options.MaxSteps, trainer, init, loop, "max_steps");
        merged = Set(merged, options.NumSteps, trainer, init, loop, "num_steps");
        merged = Set(merged, options.NumEpochs, trainer, init, loop, "num_epochs");
        merged = Set(merged, Seconds(options), trainer, init, loop, "time_budget");
        merged = Set(merged, options.BudgetSteps, trainer, init, loop, "budget_steps");
        merged = Set(merged, options.EvalSteps, trainer, init, loop, "eval_steps");
        merged = Set(merged, options.EarlyStop, trainer, init, loop, "early_stop");
        merged = Set(merged, options.NumCsx, trainer, init, "backend", "cluster_config", "num_csx");
        merged = Set(merged, options.Logging?.ToUpperInvariant(), trainer, init, "logging", "log_level");
        foreach (string mode in (string[])["fit", "validate"])
        {
            merged = Has(merged, trainer, mode) ? Set(merged, options.CheckpointPath, trainer, mode, "ckpt_path") : merged;
        }

        if (options.IsPretrainedCheckpoint is true)
        {
            merged = WithWeightsAlone(merged, trainer, init);
        }

        return WithoutReplaced(merged, options, trainer, init, loop);
    }

    /// <summary>
    /// The map without what the options replace under another name: num_steps and num_epochs are two ways to say the same, so are time_budget and
    /// budget_steps, and a length takes the place of these.
    /// </summary>
    private static YamlMapping WithoutReplaced(YamlMapping map, RunConfigOverrides options, params ReadOnlySpan<string> path)
    {
        bool givesLength = options.NumSteps is not null || options.NumEpochs is not null;
        map = givesLength ? Remove(map, options.NumSteps is null ? "num_steps" : "num_epochs", path) : map;
        bool takesBudget = givesLength || options.MaxSteps is not null;
        map = takesBudget || options.BudgetSteps is not null ? Remove(map, "time_budget", path) : map;
        return takesBudget || options.TimeBudget is not null ? Remove(map, "budget_steps", path) : map;
    }

    private static double? Seconds(RunConfigOverrides options) => options.TimeBudget?.TotalSeconds;

    private static (string Key, object? Value)[] Options(RunConfigOverrides options) =>
    [
        ("model_dir", options.ModelDirectory),
        ("checkpoint_path", options.CheckpointPath),
        ("is_pretrained_checkpoint", options.IsPretrainedCheckpoint),
        ("max_steps", options.MaxSteps),
        ("num_steps", options.NumSteps),
        ("num_epochs", options.NumEpochs),
        ("time_budget", Seconds(options)),
        ("budget_steps", options.BudgetSteps),
        ("eval_steps", options.EvalSteps),
        ("early_stop", options.EarlyStop),
        ("num_csx", options.NumCsx),
        ("logging", options.Logging?.ToUpperInvariant()),
    ];

    /// <summary>The map with a value at the end of a path of keys; itself where there is none to set.</summary>
    private static YamlMapping Set(YamlMapping map, object? value, params ReadOnlySpan<string> path)
    {
        if (value is null)
        {
            return map;
        }

        string first = path[0];
        YamlNode? old = map.Entries.FirstOrDefault(known => known.Key == first)?.Value;
        YamlNode set = path.Length == 1
            ? value as YamlNode ?? Scalar(value)
            : Set(old as YamlMapping ?? new YamlMapping(default, []), value, path[1..]);
        YamlEntry entry = new(first, default, set);
        return old is null
            ? new YamlMapping(map.Position, [.. map.Entries, entry])
            : Replace(map, entry);
    }

    /// <summary>The file with the callback that takes weights alone of a checkpoint.</summary>
    private static YamlMapping WithWeightsAlone(YamlMapping root, string trainer, string init)
    {
        YamlMapping callback = Set(new YamlMapping(default, []), "model", "LoadCheckpointStates", "load_checkpoint_states");
        IReadOnlyList<YamlNode> callbacks = Find(root, trainer, init, "callbacks") is YamlSequence list ? list.Items : [];
        return Set(root, new YamlSequence(default, [.. callbacks, callback]), trainer, init, "callbacks");
    }

    private static bool Has(YamlMapping map, params ReadOnlySpan<string> path) => Find(map, path) is not null;

    private static YamlNode? Find(YamlNode node, params ReadOnlySpan<string> path)
    {
        if (path.IsEmpty)
        {
            return node;
        }

        string first = path[0];
        return node is YamlMapping map && map.Entries.FirstOrDefault(known => known.Key == first) is { } entry ? Find(entry.Value, path[1..]) : null;
    }

    private static YamlMapping Remove(YamlMapping map, string key, params ReadOnlySpan<string> path) => path.IsEmpty
        ? new YamlMapping(map.Position, [.. map.Entries.Where(entry => entry.Key != key)])
        : Find(map, path[0]) is YamlMapping inner
            ? Replace(map, new YamlEntry(path[0], default, Remove(inner, key, path[1..])))
            : map;

    private static YamlMapping Replace(YamlMapping map, YamlEntry entry) =>
        new(map.Position, [.. map.Entries.Select(old => old.Key == entry.Key ? entry : old)]);

    private static YamlScalar Scalar(object value) => value switch
    {
        string text => new YamlScalar(default, text, isPlain: false),
        bool flag => new YamlScalar(default, flag ? "True" : "False", isPlain: true),
        _ => new YamlScalar(default, string.Create(CultureInfo.InvariantCulture, $"{value}"), isPlain: true),
    };

    /// <summary>The tree with whole paths in place of those that start from the file's folder: the text will lie in another.</summary>
    internal static YamlNode WithWholePaths(YamlNode node, string file) => node switch
    {
        YamlMapping map => new YamlMapping(map.Position,
        [
            .. map.Entries.Select(entry =>
                entry with { Value = entry.Key == DataDirectory ? WholePaths(entry.Value, file) : WithWholePaths(entry.Value, file) }),
        ]),
        YamlSequence list => new YamlSequence(list.Position, [.. list.Items.Select(item => WithWholePaths(item, file))]),
        _ => node,
    };

    private static YamlNode WholePaths(YamlNode node, string file) => node switch
    {
        YamlSequence list => new YamlSequence(list.Position, [.. list.Items.Select(item => WholePaths(item, file))]),
        YamlScalar { Text: { Length: > 0 } path } scalar when !Path.Exists(path)
            && Path.GetFullPath(path, Path.GetDirectoryName(Path.GetFullPath(file))!) is { } whole && Path.Exists(whole) =>
            new YamlScalar(scalar.Position, whole, isPlain: false),
        _ => node,
    };
}
