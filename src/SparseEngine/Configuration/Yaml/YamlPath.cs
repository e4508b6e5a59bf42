using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace SparseEngine.Configuration.Yaml;

/// <summary>The way to a value through maps and lists, written as messages write it: <c>optimizer.learning_rate[1].steps</c>.</summary>
internal sealed partial class YamlPath
{
    private readonly ImmutableArray<Step> steps;

    private YamlPath(string text, ImmutableArray<Step> steps)
    {
        Text = text;
        this.steps = steps;
    }

    /// <summary>The path as it was written.</summary>
    public string Text { get; }

    /// <summary>How many steps it has.</summary>
    public int Depth => steps.Length;

    /// <summary>The last key, with the places in lists behind it.</summary>
    public string Name => string.Concat(steps.Skip(Math.Max(0, steps.ToList().FindLastIndex(step => step.Key is not null))).Select(Naming));

    /// <summary>Reads a path; null where the text is none.</summary>
    public static YamlPath? TryParse(string text)
    {
        ImmutableArray<Step>.Builder steps = ImmutableArray.CreateBuilder<Step>();
        string rest = text.StartsWith('[') ? text : $".{text}";
        while (rest.Length > 0)
        {
            if (NextStep().Match(rest) is not { Success: true } match)
            {
                return null;
            }

            steps.Add(match.Groups["item"] is { Success: true } item
                ? new Step(null, int.Parse(item.Value, CultureInfo.InvariantCulture))
                : new Step(match.Groups["name"] is { Success: true } name ? name.Value : match.Groups["quoted"].Value, 0));
            rest = rest[match.Length..];
        }

        return new YamlPath(text, steps.ToImmutable());
    }

    /// <summary>What a tree has there; null where it has nothing.</summary>
    public YamlNode? In(YamlNode root)
    {
        YamlNode? node = root;
        foreach (Step step in steps)
        {
            node = Child(node, step);
        }

        return node;
    }

    /// <summary>The map that has the last key, or would have it; null where there is none.</summary>
    public YamlMapping? ParentIn(YamlNode root)
    {
        YamlNode? node = root;
        foreach (Step step in steps.SkipLast(1))
        {
            node = Child(node, step);
        }

        return node as YamlMapping;
    }

    /// <summary>The tree with a value there, in maps that are made where there are none.</summary>
    /// <exception cref="ConfigurationException">The way leads through what is no map, or past the end of a list.</exception>
    public YamlNode Set(YamlNode root, YamlNode value) => Change(root, 0, value);

    /// <summary>The tree without what is there; itself where there is nothing.</summary>
    public YamlNode Remove(YamlNode root) => In(root) is null ? root : Change(root, 0, value: null);

    private static YamlNode? Child(YamlNode? node, Step step) => node switch
    {
        YamlMapping map when step.Key is not null => map.Entries.FirstOrDefault(entry => entry.Key == step.Key)?.Value,
        YamlSequence list when step.Key is null && step.Item < list.Items.Count => list.Items[step.Item],
        _ => null,
    };

    private static string Naming(Step step) => step.Key ?? string.Create(CultureInfo.InvariantCulture, $"[{step.Item}]");

    /// <summary>The first steps of the path.</summary>
    private string Place(int depth) =>
        string.Concat(steps.Take(depth).Select((step, index) => (index > 0 && step.Key is not null ? "." : "") + Naming(step)));

    private YamlNode Change(YamlNode? node, int depth, YamlNode? value)
    {
        if (depth == steps.Length)
        {
            return value!;
        }

        Step step = steps[depth];
        bool isRemoval = value is null && depth == steps.Length - 1;
        switch (node)
        {
            case YamlSequence list when step.Key is null && step.Item < list.Items.Count:
                return new YamlSequence(list.Position, isRemoval
                    ? [.. list.Items.Where((_, index) => index != step.Item)]
                    : [.. list.Items.Select((item, index) => index == step.Item ? Change(item, depth + 1, value) : item)]);
            case null or YamlScalar { IsNull: true } when step.Key is not null:
                return new YamlMapping(default, [new YamlEntry(step.Key, default, Change(null, depth + 1, value))]);
            case YamlMapping map when step.Key is not null:
                return new YamlMapping(map.Position, isRemoval ? [.. map.Entries.Where(entry => entry.Key != step.Key)] : With(map, step.Key));
            default:
                string place = depth == 0 ? "the file" : Place(depth);
                string valid = step.Key is not null ? "a map, or a list with the number of an item"
                    : string.Create(CultureInfo.InvariantCulture, $"a list of more than {step.Item}");
                string content = node is YamlSequence { Items.Count: > 0 } items
                    ? string.Create(CultureInfo.InvariantCulture, $"a list of {items.Items.Count}")
                    : node?.Display ?? "missing";
                throw new ConfigurationException($"{place} is {content}; valid where {Text} is set: {valid}");
        }

        // A value that was put there stands on no line of the file.
        IReadOnlyList<YamlEntry> With(YamlMapping map, string key) => map.Entries.FirstOrDefault(entry => entry.Key == key) is { } old
            ? [.. map.Entries.Select(entry => entry == old ? Changed(old) : entry)]
            : [.. map.Entries, new YamlEntry(key, default, Change(null, depth + 1, value))];

        YamlEntry Changed(YamlEntry entry) => new(
            entry.Key, value is not null && depth == steps.Length - 1 ? default : entry.KeyPosition, Change(entry.Value, depth + 1, value));
    }

    [GeneratedRegex("""\A(?:\.(?<name>[A-Za-z0-9_-]+)|\["(?<quoted>[^"]+)"\]|\[(?<item>[0-9]{1,6})\])""")]
    private static partial Regex NextStep();

    /// <summary>A key of a map, or an item of a list.</summary>
    private readonly record struct Step(string? Key, int Item);
}
