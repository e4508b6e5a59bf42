using Spectre.Console;
using Spectre.Console.Rendering;

namespace SparseEngine.Cli.Output;

/// <summary>
/// Names on the left, their values on the right. Where that would break words or leave values hardly any width, a value stands below its
/// name, and the terminal breaks lines.
/// </summary>
internal sealed class FactTable : IRenderable
{
    private const int LeastValueWidth = 24;

    private readonly List<(string Name, string Value)> facts = [];

    /// <summary>Adds a row.</summary>
    public void Add(string name, string value) => facts.Add((name, value));

    /// <inheritdoc/>
    public Measurement Measure(RenderOptions options, int maxWidth) => new(1, maxWidth);

    /// <inheritdoc/>
    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        IRenderable table = SideBySide();
        Measurement measure = table.Measure(options, int.MaxValue / 2);
        int beside = measure.Max - facts.Select(fact => fact.Value.Length).DefaultIfEmpty().Max();
        return measure.Max <= maxWidth || (measure.Min <= maxWidth && maxWidth - beside >= LeastValueWidth)
            ? table.Render(options, maxWidth)
            : Below().SelectMany(line => (Segment[])[new Segment(line), Segment.LineBreak]);
    }

    private Table SideBySide()
    {
        Table table = new() { Border = TableBorder.Simple, ShowHeaders = false };
        table.AddColumn(new TableColumn("") { NoWrap = true });
        table.AddColumn(new TableColumn(""));
        foreach ((string name, string value) in facts)
        {
            table.AddRow(new Text(name), new Text(value));
        }

        return table;
    }

    private IEnumerable<string> Below() => ["", .. facts.SelectMany(fact => (string[])[fact.Name, $"  {fact.Value}"]), ""];
}
