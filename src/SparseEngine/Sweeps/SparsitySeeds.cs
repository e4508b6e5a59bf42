using System.Globalization;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Sweeps;

/// <summary>
/// Gives a sparsity section of the layout of Model Zoo 1.8 a seed where it has none: there it would draw one, and another one each time that a run
/// begins anew. In the trainer layout it follows the run's seed anyway.
/// </summary>
internal static class SparsitySeeds
{
    private const string Key = "seed";

    /// <summary>The section with the seed.</summary>
    public static YamlNode With(YamlNode section, int seed)
    {
        YamlScalar value = new(default, seed.ToString(CultureInfo.InvariantCulture), isPlain: true);
        return With(section, value);
    }

    private static YamlNode With(YamlNode node, YamlScalar seed) => node switch
    {
        // The level alone.
        YamlScalar level => new YamlMapping(level.Position,
        [
            new YamlEntry("sparsity", default, level),
            new YamlEntry("init_method", default, new YamlScalar(default, "random", isPlain: true)),
            new YamlEntry(Key, default, seed),
        ]),
        YamlSequence list => new YamlSequence(list.Position, [.. list.Items.Select(item => With(item, seed))]),
        YamlMapping map when map.Entries.Any(entry => entry is { Key: "groups", Value: YamlSequence }) => new YamlMapping(map.Position,
        [
            .. map.Entries.Select(entry => entry is { Key: "groups", Value: YamlSequence } ? entry with { Value = With(entry.Value, seed) } : entry),
        ]),
        YamlMapping map when map.Entries.All(entry => entry.Key != Key) =>
            new YamlMapping(map.Position, [.. map.Entries, new YamlEntry(Key, default, seed)]),
        _ => node,
    };
}
