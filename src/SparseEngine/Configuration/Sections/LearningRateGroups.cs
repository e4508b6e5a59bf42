using System.Collections.Frozen;
using SparseEngine.Configuration.Yaml;
using static System.FormattableString;

namespace SparseEngine.Configuration.Sections;

/// <summary>
/// The groups of weights whose learning rate muP scales. A file may write out what muP says by itself; any other grouping would train
/// another model and is refused.
/// </summary>
internal static class LearningRateGroups
{
    private const string Key = "lr_adjustment_groups";
    private const string PatternsKey = "param_filter_patterns";
    private const double Tolerance = 1e-6;

    // Patterns of experts' weights may stand beside them: there are none here.
    private const string ExpertsSuffix = "expert_weights";

    private static readonly FrozenDictionary<string, string[]> Patterns = new Dictionary<string, string[]>
    {
        ["embedding"] = ["*embedding*weight"],
        ["decoder_kernel"] = ["*decoder*dense*weight", "*decoder*linear*weight"],
        ["decoder_attention"] = ["*decoder*attn*dense*weight"],
        ["decoder_input_ffn"] = ["*decoder*ffn.ffn.[!1]*weight"],
        ["decoder_output_ffn"] = ["*decoder*ffn.ffn.[1]*weight"],
    }.ToFrozenDictionary();

    /// <summary>Records an error for whatever the groups change.</summary>
    public static void Check(SectionReader section, ModelParameters model)
    {
        if (!section.Has(Key) || section.Section(Key, "a map of groups") is not { IsEmpty: false } groups)
        {
            return;
        }

        foreach ((string name, string[] patterns) in Patterns)
        {
            if (groups.Value(name) is { } value)
            {
                CheckGroup(value, patterns, ScaleOf(name, model));
            }
            else if (ScaleOf(name, model) is not null)
            {
                groups.Error(name, "is missing: muP scales it; valid: muP's groups, or no lr_adjustment_groups");
            }
        }

        foreach ((string name, SectionValue value) in section.Value(Key)!.Entries())
        {
            if (!Patterns.ContainsKey(name))
            {
                value.Error($"is not implemented; valid: {string.Join(", ", Patterns.Keys.Order(StringComparer.Ordinal))}");
            }
        }
    }

    private static void CheckGroup(SectionValue value, string[] patterns, double? muP)
    {
        if (value.AsSection($"a map with {PatternsKey}") is not { } group)
        {
            return;
        }

        if (group.Value(PatternsKey) is { } given && !PatternsOf(given).SetEquals(patterns))
        {
            given.Error($"is not what muP says, which alone is implemented; valid: {string.Join(", ", patterns)}");
        }

        if (group.Number("scale", Interval.Positive) is { } scale && scale != 1 && !(muP is { } own && Math.Abs(scale / own - 1) < Tolerance))
        {
            group.Error(
                "scale",
                Invariant($"is {scale}, which is not implemented; valid: {(muP is { } valid ? Invariant($"{valid}, which is muP's") : "1")}"));
        }

        group.Finish();
    }

    private static HashSet<string> PatternsOf(SectionValue value)
    {
        IEnumerable<YamlNode> nodes = value.Node is YamlSequence sequence ? sequence.Items : [value.Node];
        return [.. nodes.Select(node => node is YamlScalar scalar ? scalar.Text : "").Where(
            pattern => !pattern.EndsWith(ExpertsSuffix, StringComparison.Ordinal))];
    }

    /// <summary>What muP multiplies a group's learning rate by; null where it leaves it.</summary>
    private static double? ScaleOf(string group, ModelParameters model) => group switch
    {
        "decoder_attention" or "decoder_input_ffn" when model.MupBaseHiddenSize is not null => model.HiddenRatio,
        "decoder_output_ffn" when model.MupBaseFilterSize is not null => model.FilterRatio,
        _ => null,
    };
}
