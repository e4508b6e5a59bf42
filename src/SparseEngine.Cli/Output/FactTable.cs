using Spectre.Console;
using Spectre.Console.Rendering;

namespace SparseEngine.Cli.Output;

/// <summary>Names on the left, their values on the right.</summary>
internal sealed class FactTable : IRenderable
{
    private readonly Table table = new() { Border = TableBorder.Simple, ShowHeaders = false };

    public FactTable()
    {
        table.AddColumn(new TableColumn("") { NoWrap = true });
        table.AddColumn(new TableColumn(""));
    }

    /// <summary>Adds a row.</summary>
    public void Add(string name, string value) => table.AddRow(new Text(name), new Text(value));

    /// <inheritdoc/>
    public Measurement Measure(RenderOptions options, int maxWidth) => ((IRenderable)table).Measure(options, maxWidth);

    /// <inheritdoc/>
    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => ((IRenderable)table).Render(options, maxWidth);
}
