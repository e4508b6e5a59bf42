using Spectre.Console;
using Spectre.Console.Rendering;

namespace SparseEngine.Cli.Output;

/// <summary>
/// A table whose first column, of names, stays whole at any width. Where a row does not fit, first the name gets a line of its own above the
/// other columns, then these give way one by one in the order of <see cref="Column.GivesWay"/>, and a last line tells which did.
/// A line that is too long even so is left to the terminal to break.
/// </summary>
internal sealed class ColumnTable(params Column[] columns) : IRenderable
{
    private const string Indent = "  ";

    private readonly List<string[]> rows = [];

    /// <summary>Adds a row; cells that are not given are empty.</summary>
    public void AddRow(params string[] cells) => rows.Add([.. cells, .. Enumerable.Repeat("", columns.Length - cells.Length)]);

    /// <summary>Adds a row of nothing.</summary>
    public void AddEmptyRow() => AddRow();

    /// <inheritdoc/>
    public Measurement Measure(RenderOptions options, int maxWidth) => new(1, maxWidth);

    /// <inheritdoc/>
    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        IRenderable table = InRows();
        return table.Measure(options, int.MaxValue / 2).Min <= maxWidth
            ? table.Render(options, maxWidth)
            : Broken(maxWidth).SelectMany(line => (Segment[])[new Segment(line), Segment.LineBreak]);
    }

    private Table InRows()
    {
        Table table = new() { Border = TableBorder.Simple };
        foreach (Column column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column.Header)) { NoWrap = !column.Wraps, Alignment = column.Alignment });
        }

        foreach (string[] cells in rows)
        {
            table.AddRow(cells.Select(cell => new Text(cell)));
        }

        return table;
    }

    /// <summary>The lines of a narrow table: of each row the name, then what fits beside each other, then texts that may be long.</summary>
    private IEnumerable<string> Broken(int width)
    {
        int[] widths = [.. Enumerable.Range(0, columns.Length).Select(WidthOf)];
        List<int> shown = [.. Enumerable.Range(1, columns.Length - 1).Where(column => !columns[column].Wraps)];
        List<int> leaving = [.. shown.Where(column => columns[column].GivesWay > 0).OrderBy(column => columns[column].GivesWay)];
        leaving.AddRange(shown.Except(leaving).Reverse());
        List<int> left = [];
        while (shown.Count > 0 && shown.Sum(column => Indent.Length + widths[column]) > width)
        {
            left.Add(leaving[left.Count]);
            shown.Remove(left[^1]);
        }

        yield return "";
        foreach (string[] cells in (IEnumerable<string[]>)[[.. columns.Select(column => column.Line)], .. rows])
        {
            yield return cells[0];
            string line = string.Concat(shown.Select(column => Indent + Aligned(cells[column], column, widths[column]))).TrimEnd();
            if (line.Length > 0)
            {
                yield return line;
            }

            foreach (int column in Enumerable.Range(1, columns.Length - 1).Where(column => columns[column].Wraps && cells[column].Length > 0))
            {
                yield return Indent + cells[column];
            }
        }

        yield return "";
        if (left.Count > 0)
        {
            yield return $"Left out for want of width: {string.Join(", ", left.Order().Select(column => columns[column].Line))}.";
        }
    }

    private int WidthOf(int column) => rows.Select(cells => cells[column]).Append(columns[column].Line).Max(CellsOf);

    private string Aligned(string text, int column, int width)
    {
        string space = new(' ', width - CellsOf(text));
        return columns[column].Alignment == Justify.Right ? space + text : text + space;
    }

    /// <summary>Places on the screen: some characters take two.</summary>
    private static int CellsOf(string text) => new Segment(text).CellCount();
}
