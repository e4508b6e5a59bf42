using System.Collections.Immutable;
using System.Text.RegularExpressions;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration;

/// <summary>Reads the sparsity section and resolves its groups.</summary>
internal static partial class SparsitySection
{
    private const string Level = "a number from 0 to below 1";

    private static readonly (string, SparsityMethod)[] Methods = [("random", SparsityMethod.Random), ("topk", SparsityMethod.TopK)];

    /// <summary>Reads the section; null where it is absent, empty, or only wrong.</summary>
    public static SparsityParameters? Read(SectionReader top)
    {
        // As from release 2.2 on, a bare number is the level of every weight.
        if (top.Node("sparsity") is YamlScalar scalar && YamlValues.Number(scalar) is { } level)
        {
            if (level is not (>= 0 and < 1))
            {
                top.Invalid(scalar, "sparsity", Level);
            }

            return new SparsityParameters
            {
                Selection = SparsitySelection.Default,
                Groups = [new SparsityGroup(null, level, SparsityMethod.Random, null, top.Diagnostics.Location(scalar))],
            };
        }

        return top.TrySection("sparsity", out SectionReader? section) && !section.Map.Entries.IsEmpty ? ReadSection(section) : null;
    }

    private static SparsityParameters ReadSection(SectionReader section)
    {
        section.Refuse("type", node => node is not YamlScalar { Value: "sideband" or "static" }, "valid: static (the pattern stays through training)");
        section.Refuse("algorithm", node => node is not YamlScalar { Value: "static" }, "valid: static (the pattern stays through training)");
        bool dumpMasks = section.Boolean("dump_masks") ?? false;
        Settings top = ReadSettings(section);
        YamlNode? patterns = section.Node("param_name_patterns");
        ImmutableArray<SparsityGroup> groups = patterns switch
        {
            null => Default(section, top),
            YamlScalar scalar => [.. Patterns(section, top, [scalar])],
            YamlSequence sequence => [.. Patterns(section, top, sequence.Items)],
            YamlMapping mapping => [.. Blocks(section, top, mapping)],
            _ => [],
        };
        section.Finish();
        return new SparsityParameters
        {
            Selection = patterns is null ? SparsitySelection.Default : SparsitySelection.Patterns,
            Groups = groups,
            DumpMasks = dumpMasks,
        };
    }

    private static ImmutableArray<SparsityGroup> Default(SectionReader section, Settings top) =>
        Group(section, top, null, section.Map) is { } group ? [group] : [];

    private static IEnumerable<SparsityGroup> Patterns(SectionReader section, Settings top, ImmutableArray<YamlNode> patterns)
    {
        // The settings are those of the whole section: their absence is one problem, not one for each pattern.
        if (Group(section, top, null, section.Map) is not { } group)
        {
            yield break;
        }

        foreach (YamlNode pattern in patterns)
        {
            if (Pattern(section, pattern) is { } regex)
            {
                yield return group with { Pattern = regex, Location = section.Diagnostics.Location(pattern) };
            }
        }
    }

    private static IEnumerable<SparsityGroup> Blocks(SectionReader section, Settings top, YamlMapping blocks)
    {
        foreach (YamlEntry entry in blocks.Entries)
        {
            Regex? regex = Pattern(section, entry.Key);
            Settings settings = top;
            SectionReader place = section;
            if (entry.Value is YamlMapping mapping)
            {
                place = new SectionReader(mapping, $"{section.NameOf("param_name_patterns")}.{entry.Key.Value}", section.Diagnostics);
                Settings own = ReadSettings(place);
                place.Finish();
                settings = new Settings(own.Sparsity ?? top.Sparsity, own.Method ?? top.Method, own.Seed ?? top.Seed, own.IsWrong || top.IsWrong);
            }
            else if (entry.Value is not YamlScalar { IsNull: true })
            {
                section.Diagnostics.Error(entry.Value, $"{section.NameOf("param_name_patterns")}.{entry.Key.Value} is {entry.Value.Quoted}; valid: a map of sparsity, init_method and seed");
                continue;
            }

            if (Group(place, settings, regex, entry.Key) is { } group && regex is not null)
            {
                yield return group;
            }
        }
    }

    private static Settings ReadSettings(SectionReader section)
    {
        int before = section.Diagnostics.Errors.Length;
        Settings settings = new(
            section.Number("sparsity", level => level is >= 0 and < 1, Level),
            section.Choice("init_method", Methods),
            section.Integer("seed", 0, uint.MaxValue * (long)int.MaxValue),
            IsWrong: false);
        return settings with { IsWrong = section.Diagnostics.Errors.Length > before };
    }

    /// <summary>A group with complete settings; what is missing is reported, unless a wrong value already was.</summary>
    private static SparsityGroup? Group(SectionReader section, Settings settings, Regex? pattern, YamlNode at)
    {
        if (settings is { Sparsity: { } sparsity, Method: { } method })
        {
            return new SparsityGroup(pattern, sparsity, method, settings.Seed, section.Diagnostics.Location(at));
        }

        if (!settings.IsWrong)
        {
            if (settings.Sparsity is null)
            {
                section.Missing("sparsity", Level);
            }

            if (settings.Method is null)
            {
                section.Missing("init_method", string.Join(", ", Methods.Select(choice => choice.Item1)));
            }
        }

        return null;
    }

    private static Regex? Pattern(SectionReader section, YamlNode node)
    {
        string name = section.NameOf("param_name_patterns");
        if (node is not YamlScalar { IsNull: false } scalar)
        {
            section.Diagnostics.Error(node, $"{name} has {node.Quoted} for a pattern; valid: a regular expression");
            return null;
        }

        try
        {
            return new Regex(FromPython(scalar.Value), RegexOptions.CultureInvariant);
        }
        catch (ArgumentException exception)
        {
            section.Diagnostics.Error(node, $"{name} has \"{scalar.Value}\", which is not a regular expression: {exception.Message}");
            return null;
        }
    }

    /// <summary>Rewrites what Python's re spells otherwise than .NET: named groups, and \Z for the very end.</summary>
    private static string FromPython(string pattern) =>
        NamedReference().Replace(pattern.Replace("(?P<", "(?<", StringComparison.Ordinal), @"\k<$1>").Replace(@"\Z", @"\z", StringComparison.Ordinal);

    [GeneratedRegex(@"\(\?P=(\w+)\)")]
    private static partial Regex NamedReference();

    private readonly record struct Settings(double? Sparsity, SparsityMethod? Method, long? Seed, bool IsWrong);
}
