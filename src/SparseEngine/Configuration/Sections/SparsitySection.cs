using System.Collections.Immutable;
using System.Text.RegularExpressions;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>What a sparsity section stands in.</summary>
/// <param name="LastStep">The run's last step; null where only its data would tell, or nothing is trained.</param>
/// <param name="IsShortened">Whether the command line says so, not the file.</param>
/// <param name="Seed">The seed of groups that give none; null to draw one.</param>
/// <param name="RequiresMethod">Whether static sparsity must say its init_method, as in Model Zoo 1.8.</param>
internal sealed record SparsityContext(int? LastStep = null, bool IsShortened = false, long? Seed = null, bool RequiresMethod = true)
{
    /// <summary>That of a run.</summary>
    /// <param name="config">The length of the run, the command line's wishes included or not.</param>
    /// <param name="options">The command line's wishes.</param>
    public static SparsityContext Of(RunConfig config, RunConfigOverrides options)
    {
        int? shortened = options.MaxSteps ?? options.NumSteps;
        return new SparsityContext(shortened ?? config.MaxSteps ?? config.NumSteps, IsShortened: shortened is not null);
    }
}

/// <summary>Reads the sparsity section: a map, or as in Model Zoo 2.2 and later a number alone or a list of groups.</summary>
internal static class SparsitySection
{
    /// <summary>What the section may be.</summary>
    public const string Valid = "a map with sparsity and init_method, a list of such maps, or a number in [0, 1)";
    private const string PatternsKey = "param_name_patterns";
    private const string FilterKey = "param_filter";
    private const string GroupsKey = "groups";
    private const string ValidPatterns = "a regex, a list of regexes, or a map of regexes to settings";

    /// <summary>Reads the section; null for a dense run, which an empty section means too.</summary>
    public static SparsityParameters? Read(SectionValue value, SparsityContext context)
    {
        if (value.Node is YamlScalar)
        {
            return value.AsNumber(Interval.Fraction, Valid) is { } sparsity
                ? SparsityParameters.OfLinearLayers(sparsity, seed: context.Seed, location: value.Location)
                : null;
        }

        if (value.Node is YamlSequence { Items.Count: > 0 })
        {
            return ReadList(value, context);
        }

        return value.AsSection(Valid) is { IsEmpty: false } section ? ReadSection(section, context) : null;
    }

    private static SparsityParameters ReadSection(SectionReader section, SparsityContext context)
    {
        if (section.Value(GroupsKey) is { Node: YamlSequence { Items.Count: > 0 } } list)
        {
            bool dumpAll = section.Boolean("dump_masks") ?? false;
            section.Finish();
            return ReadList(list, context) with { DumpMasks = dumpAll };
        }

        bool dumpMasks = section.Boolean("dump_masks") ?? false;
        SectionValue? patterns = section.Value(section.NameOf(PatternsKey, FilterKey));
        ImmutableArray<SparsityGroup> groups = ReadGroups(section, patterns, context);
        section.Finish();
        return new SparsityParameters
        {
            Selection = patterns is null ? SparsitySelection.Default : SparsitySelection.Patterns,
            Groups = groups,
            DumpMasks = dumpMasks,
        };
    }

    private static SparsityParameters ReadList(SectionValue list, SparsityContext context)
    {
        ImmutableArray<SparsityParameters> sections =
        [
            .. list.Items().Select(item => item.AsSection(Valid)).OfType<SectionReader>().Select(section => ReadSection(section, context)),
        ];
        return new SparsityParameters
        {
            Selection = sections.Any(section => section.Selection == SparsitySelection.Patterns)
                ? SparsitySelection.Patterns
                : SparsitySelection.Default,
            Groups = [.. sections.SelectMany(section => section.Groups)],
            DumpMasks = sections.Any(section => section.DumpMasks),
        };
    }

    private static ImmutableArray<SparsityGroup> ReadGroups(SectionReader section, SectionValue? patterns, SparsityContext context)
    {
        // With groups in a map, each group needs its settings, not the section.
        bool isMap = !section.Has(FilterKey) && patterns?.Node is YamlMapping { Entries.Count: > 0 };
        SparsitySettings settings = SparsitySettings.Read(section, required: !isMap, context);
        if (patterns is null)
        {
            string level = section.Has("schedule") && !section.Has("sparsity") ? "schedule" : "sparsity";
            return [settings.ToGroup(pattern: null, section.LocationOf(level))];
        }

        return section.Has(FilterKey) ? ReadGlobs(patterns, settings) : ReadPatterns(patterns, settings, context);
    }

    private static ImmutableArray<SparsityGroup> ReadGlobs(SectionValue filter, SparsitySettings settings)
    {
        const string valid = "a glob, or a list of globs";
        ImmutableArray<SectionValue> globs = filter.Node is YamlSequence ? filter.Items() : [filter];
        if (globs.IsEmpty)
        {
            filter.Reject(valid);
        }

        return
        [
            .. globs.Select(glob => (Place: glob, Text: glob.AsText(valid))).Where(glob => glob.Text is not null)
                .Select(glob => settings.ToGroup(PythonGlob.Compile(glob.Text!), glob.Place.Location, glob.Text)),
        ];
    }

    private static ImmutableArray<SparsityGroup> ReadPatterns(SectionValue patterns, SparsitySettings settings, SparsityContext context)
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
                return [.. patterns.Entries().SelectMany(entry => ReadGroup(entry.Value, entry.Key, ReadBlock(entry.Value, settings, context)))];
        }
    }

    private static SparsitySettings ReadBlock(SectionValue value, SparsitySettings section, SparsityContext context)
    {
        if (value.AsSection("a map of settings that override the section's: sparsity, init_method, seed") is not { } block)
        {
            return section;
        }

        SparsitySettings settings = SparsitySettings.Read(block, required: true, context, section);
        block.Finish();
        return settings;
    }

    private static ImmutableArray<SparsityGroup> ReadGroup(SectionValue place, string pattern, SparsitySettings settings)
    {
        (Regex? regex, string? reason) = PythonRegex.Compile(pattern);
        if (regex is null)
        {
            place.Error($"has \"{pattern}\", which is not a valid regex: {reason}");
            return [];
        }

        return [settings.ToGroup(regex, place.Location)];
    }
}
