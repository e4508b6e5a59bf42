using Spectre.Console;

namespace SparseEngine.Cli.Output;

/// <summary>A column of a <see cref="ColumnTable"/>.</summary>
/// <param name="Header">What stands above it, in a line or two.</param>
/// <param name="Alignment">Left for texts, right for numbers.</param>
/// <param name="GivesWay">
/// Its place in the order in which columns are left out where the terminal is too narrow: 1 goes first. 0 stays longest.
/// </param>
/// <param name="Wraps">Whether its texts are sentences or lists, which may be broken into lines.</param>
internal sealed record Column(string Header, Justify Alignment = Justify.Left, int GivesWay = 0, bool Wraps = false)
{
    /// <summary>A column of numbers.</summary>
    public static Column OfNumbers(string header, int givesWay = 0) => new(header, Justify.Right, givesWay);

    /// <summary>The header in one line.</summary>
    public string Line => Header.Replace('\n', ' ');
}
