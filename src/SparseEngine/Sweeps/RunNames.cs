using System.Collections.Immutable;
using static System.FormattableString;

namespace SparseEngine.Sweeps;

/// <summary>Names of runs, which are those of their folders: <c>sparsity=0.75,learning_rate=2e-3</c>.</summary>
internal sealed class RunNames
{
    // Folders' names may have 255 bytes; a few are for what must tell two of them apart.
    private const int LongestName = 180;
    private const int LongestValue = 60;

    private readonly string[] names;
    private readonly ImmutableArray<SweepAxis> axes;
    private readonly HashSet<string> given = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Names by the last part of each key's path, or by all of it where two axes end alike.</summary>
    public RunNames(ImmutableArray<SweepAxis> axes)
    {
        this.axes = axes;
        string[] last = [.. axes.Select(axis => axis.Name)];
        names = [.. axes.Select((axis, index) => Plain(last.Count(name => name == last[index]) > 1 ? axis.LongName : last[index]))];
    }

    /// <summary>The name of a combination without its seed; of none where there are no keys.</summary>
    /// <param name="points">The place on each axis.</param>
    public string Of(IReadOnlyList<int> points)
    {
        string name = string.Join(',', names.Select((axis, index) => $"{axis}={Shortened(Plain(axes[index].Label(points[index])), LongestValue)}"));
        name = Shortened(name.Length > 0 ? name : "run", LongestName);

        // Values may differ in what no folder's name has.
        string unique = name;
        for (int number = 2; !given.Add(unique); number++)
        {
            unique = Invariant($"{name}-{number}");
        }

        return unique;
    }

    private static string Shortened(string text, int length) => text.Length <= length ? text : text[..length];

    /// <summary>A text as every file system and shell takes it.</summary>
    private static string Plain(string text) =>
        string.Concat(text.Select(character => char.IsAsciiLetterOrDigit(character) || "._+-".Contains(character) ? character : '-'));
}
