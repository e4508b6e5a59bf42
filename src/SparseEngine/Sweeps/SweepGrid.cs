using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Configuration.Yaml;
using static System.FormattableString;

namespace SparseEngine.Sweeps;

/// <summary>All runs of a sweep: every combination of its keys' values, with every seed. Each is known to be valid.</summary>
public sealed class SweepGrid
{
    private const int MostRuns = 10_000;

    private SweepGrid(SweepDefinition definition, ImmutableArray<SweepRun> runs, ImmutableArray<Diagnostic> warnings)
    {
        Definition = definition;
        Runs = runs;
        Warnings = warnings;
    }

    /// <summary>The runs in the order in which they are done: all combinations with the first seed, then with the next.</summary>
    public ImmutableArray<SweepRun> Runs { get; }

    /// <summary>The paths of the keys whose values differ; those of keys that change together are one.</summary>
    public ImmutableArray<string> Keys => [.. Definition.Keys.Select(key => key.Path)];

    /// <summary>What is doubtful about the file or a combination.</summary>
    public ImmutableArray<Diagnostic> Warnings { get; }

    /// <summary>What the sweep is: what it may go on with.</summary>
    internal SweepDefinition Definition { get; }

    /// <summary>Reads the file, lays every combination of values over it, and checks them all.</summary>
    /// <exception cref="ConfigurationException">
    /// A key or a value is not valid, alone or in one of the combinations, which is named; or a run would not go on as it began.
    /// </exception>
    public static SweepGrid Create(SweepRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        DiagnosticCollector diagnostics = new(request.ParametersFile);
        string text = ParametersFile.ReadText(request.ParametersFile);
        _ = ParametersFile.Parse(text, request.ParametersFile, diagnostics);
        YamlNode file = YamlLoader.Load(new StringReader(text), new DiagnosticCollector(request.ParametersFile))!;
        YamlMapping root = (YamlMapping)MergedConfiguration.WithWholePaths(file, request.ParametersFile);
        ImmutableArray<SweepAxis> axes = [.. request.Settings.Select(setting => SweepAxis.Parse(setting, request.ParametersFile))];
        CheckAxes(axes, request, root);
        GridBuilder builder = new(request, root, axes);
        ImmutableArray<SweepRun> runs = builder.Build();
        return new SweepGrid(
            SweepDefinition.Of(request, YamlWriter.Write(root), axes, runs), runs, [.. diagnostics.Warnings.Concat(builder.Warnings).Distinct()]);
    }

    private static void CheckAxes(ImmutableArray<SweepAxis> axes, SweepRequest request, YamlMapping root)
    {
        SweepKey[] keys = [.. axes.SelectMany(axis => axis.Keys)];
        if (axes.IsEmpty && request.Seeds is null)
        {
            throw new ConfigurationException("there is nothing to try; valid: --set KEY=VALUE,VALUE, more than once for a grid, or --seeds N");
        }

        if (keys.GroupBy(key => key.Path.Text).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            string values = string.Join(',', twice.SelectMany(key => key.Values).Select(value => value.Text).Distinct());
            throw new ConfigurationException($"--set {twice.Key} is given twice; valid: all of its values in one, --set {twice.Key}={values}");
        }

        if (keys.FirstOrDefault(key => key.Values.All(value => value.Node is null) && key.Path.In(root) is null) is { } absent)
        {
            throw new ConfigurationException($"--set {absent.Path.Text}=none: {request.ParametersFile} has no such key to go without");
        }

        OptionConflicts.Check(request, keys, root);
        long runs = axes.Aggregate((long)(request.Seeds ?? 1), (count, axis) => Math.Min(count * axis.Points.Length, int.MaxValue));
        if (runs > MostRuns)
        {
            throw new ConfigurationException(Invariant($"the sweep would have {runs} runs; valid: at most {MostRuns}"));
        }
    }
}
