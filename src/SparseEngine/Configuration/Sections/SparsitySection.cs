using System.Collections.Immutable;
using System.Text.RegularExpressions;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads the sparsity section: a map, or a number alone as in Model Zoo 2.2 and later.</summary>
internal static class SparsitySection
{
    /// <summary>What the section may be.</summary>
    public const string Valid = "a map with sparsity and init_method, or a number in [0, 1)";
    private const string PatternsKey = "param_name_patterns";
    private const string ValidPatterns = "a regex, a list of regexes, or a map of regexes to settings";

    /// <summary>A weight's seed is its group's plus the weight's index; the sum must stay a 64-bit number.</summary>
    private const long MaximumSeed = long.MaxValue - int.MaxValue;

    private static readonly Choices<SparsityMethod> Methods = new(("random", SparsityMethod.Random), ("topk", SparsityMethod.TopK));

    // Both names of a mask that does not change: 1.7's and 1.9's, and 2.x's.
    private static readonly Choices<bool> Types = new(("static", true), ("sideband", true));

    /// <summary>Reads the section; null for a dense run, which an empty section means too.</summary>
    public static SparsityParameters? Read(SectionValue value)
    {
        if (value.Node is YamlScalar)
        {
            return value.AsNumber(Interval.Fraction, Valid) is { } sparsity
                ? SparsityParameters.OfLinearLayers(sparsity, location: value.Location)
                : null;
        }

        return value.AsSection(Valid) is { IsEmpty: false } section ? ReadSection(section) : null;
    }

    private static SparsityParameters ReadSection(SectionReader section)
    {
        SectionValue? patterns = section.Value(PatternsKey);

        // With groups in a map, each group needs its settings, not the section.
        Settings settings = Settings.Read(section, required: patterns?.Node is not YamlMapping { Entries.Count: > 0 });
        section.Choice("type", Types);
        section.Choice("algorithm", Types);
        bool dumpMasks = section.Boolean("dump_masks") ?? false;
        section.Value("param_filter")?.Error($"is the glob of Model Zoo 2.2 and later, which is not supported; use {PatternsKey}, with regexes");
        section.Value("in_groups")?.Error("is not supported; leave it out");
        section.Value("out_groups")?.Error("is not supported; leave it out");
        ImmutableArray<SparsityGroup> groups = patterns is null
            ? [settings.ToGroup(pattern: null, section.LocationOf("sparsity"))]
            : ReadGroups(patterns, settings);
        section.Finish();
        return new SparsityParameters
        {
            Selection = patterns is null ? SparsitySelection.Default : SparsitySelection.Patterns,
            Groups = groups,
            DumpMasks = dumpMasks,
        };
    }

    private static ImmutableArray<SparsityGroup> ReadGroups(SectionValue patterns, Settings settings)
    {
        switch (patterns.Node)
        {
            case YamlScalar { IsPlain: true, IsText: false }:
                patterns.Reject(ValidPatterns);
                return [];
            case YamlScalar scalar:
                return ReadGroup(patterns, scalar.Text, settings);
            case YamlSequence:
                return [.. patterns.Items().SelectMany(item => item.AsText("a regex") is { } text ? ReadGroup(item, text, settings) : [])];
            default:
                return [.. patterns.Entries().SelectMany(entry => ReadGroup(entry.Value, entry.Key, ReadBlock(entry.Value, settings)))];
        }
    }

    private static Settings ReadBlock(SectionValue value, Settings section)
    {
        if (value.AsSection("a map of settings that override the section's: sparsity, init_method, seed") is not { } block)
        {
            return section;
        }

        Settings settings = Settings.Read(block, required: true, section);
        block.Finish();
        return settings;
    }

    private static ImmutableArray<SparsityGroup> ReadGroup(SectionValue place, string pattern, Settings settings)
    {
        (Regex? regex, string? reason) = PythonRegex.Compile(pattern);
        if (regex is null)
        {
            place.Error($"has \"{pattern}\", which is not a valid regex: {reason}");
            return [];
        }

        return [settings.ToGroup(regex, place.Location)];
    }

    /// <summary>What weights of a group share. A setting that is given but not valid counts as given: it is reported once.</summary>
    private readonly record struct Settings(double? Sparsity, SparsityMethod? Method, long? Seed, bool HasSparsity, bool HasMethod)
    {
        /// <summary>Reads the settings of the section, or of a block that overrides it.</summary>
        public static Settings Read(SectionReader section, bool required, Settings inherited = default) => new(
            section.Number("sparsity", Interval.Fraction, required && !inherited.HasSparsity) ?? inherited.Sparsity,
            section.Choice("init_method", Methods, required && !inherited.HasMethod) ?? inherited.Method,
            section.LongInteger("seed", 0, MaximumSeed) ?? inherited.Seed,
            section.Has("sparsity"),
            section.Has("init_method"));

        public SparsityGroup ToGroup(Regex? pattern, string location) =>
            new(pattern, Sparsity ?? 0, Method ?? SparsityMethod.Random, Seed, location);
    }
}
