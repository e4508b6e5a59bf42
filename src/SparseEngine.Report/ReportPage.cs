using System.Net;
using System.Text;
using System.Text.Json;
using SparseEngine.Report.Plots;

namespace SparseEngine.Report;

/// <summary>Writes a report as one HTML page that needs nothing else: style, script and pictures are in it.</summary>
internal static class ReportPage
{
    /// <summary>The page.</summary>
    /// <param name="title">Its title.</param>
    /// <param name="lead">A line under the title.</param>
    /// <param name="facts">The numbers on top: name, value, and what belongs to it.</param>
    /// <param name="runs">A table of the runs: a heading, then a row for each; null where there is one only.</param>
    /// <param name="figures">The figures.</param>
    /// <param name="series">The number of each run in the figures; null where they have those of their rows.</param>
    public static string Of(
        string title, string lead, IEnumerable<(string Name, string Value, string Detail)> facts, IReadOnlyList<IReadOnlyList<string>>? runs,
        IReadOnlyList<Figure> figures, IReadOnlyList<int>? series = null)
    {
        StringBuilder page = new();
        page.Append($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{Escape(title)}</title>
            <style>
            {Resource("page.css")}</style>
            </head>
            <body>
            <h1>{Escape(title)}</h1>
            <p class="lead">{Escape(lead)}</p>
            <dl class="facts">

            """);
        foreach ((string name, string value, string detail) in facts)
        {
            page.Append($"<div class=\"fact\"><dt>{Escape(name)}</dt><dd>{Escape(value)}<small>{Escape(detail)}</small></dd></div>\n");
        }

        page.Append("</dl>\n");
        if (runs is not null)
        {
            page.Append("<div class=\"runs\">\n");
            AppendTable(page, runs, series ?? [.. Enumerable.Range(0, runs.Count - 1)]);
            page.Append("</div>\n");
        }

        page.Append("<main class=\"figures\">\n");
        foreach (Figure figure in figures)
        {
            Append(page, figure);
        }

        page.Append($"</main>\n<footer>Made by sparse-engine report.</footer>\n<script>\n{Resource("page.js")}</script>\n</body>\n</html>\n");
        return page.ToString();
    }

    private static void Append(StringBuilder page, Figure figure)
    {
        page.Append($"<figure id=\"{figure.Id}\">\n<h2>{Escape(figure.Title)}</h2>\n");
        if (figure.Draw is null)
        {
            page.Append($"<p class=\"missing\">{Escape(figure.Caption)}</p>\n</figure>\n");
            return;
        }

        if (figure.Legend.Count > 0)
        {
            page.Append("<ul class=\"legend\">");
            foreach ((string name, int series) in figure.Legend)
            {
                page.Append($"<li>{SeriesStyle.KeyOf(series)}{Escape(name)}</li>");
            }

            page.Append("</ul>\n");
        }

        page.Append($"""
            <div class="plot"><picture><source media="(prefers-color-scheme: dark)" srcset="{Data(figure.Render(PlotTheme.Dark))}">
            """);
        page.Append($"""
            <img width="{Figure.Width}" height="{figure.Height}" alt="{Escape($"{figure.Title}. {figure.Caption}")}"
            """);
        page.Append($"""
             src="{Data(figure.Render(PlotTheme.Light))}"></picture></div>
            <figcaption>{Escape(figure.Caption)}</figcaption>

            """);
        if (figure.Numbers.Count > 1)
        {
            page.Append("<details><summary>In numbers</summary><div class=\"scroll\">\n");
            AppendTable(page, figure.Numbers, series: null);
            page.Append("</div></details>\n");
        }

        if (figure.Hover.Count > 0)
        {
            page.Append($"<script type=\"application/json\" class=\"points\">{Points(figure)}</script>\n");
        }

        page.Append("</figure>\n");
    }

    private static string Points(Figure figure) => JsonSerializer.Serialize(
        figure.Hover.Zip(
            figure.HoverPlaces(), (point, place) => new HoverData(place.Left, place.Top, SeriesStyle.ColorOf(point.Series), point.Title, point.Text)),
        JsonSerializerOptions.Web);

    private static void AppendTable(StringBuilder page, IReadOnlyList<IReadOnlyList<string>> rows, IReadOnlyList<int>? series)
    {
        page.Append("<table>\n");
        for (int row = 0; row < rows.Count; row++)
        {
            string cell = row == 0 ? "th" : "td";
            page.Append("<tr>");
            for (int column = 0; column < rows[row].Count; column++)
            {
                string key = series is not null && row > 0 && column == 0 ? SeriesStyle.KeyOf(series[row - 1]) : "";
                page.Append($"<{cell}>{key}{Escape(rows[row][column])}</{cell}>");
            }

            page.Append("</tr>\n");
        }

        page.Append("</table>\n");
    }

    private static string Data(byte[] png) => $"data:image/png;base64,{Convert.ToBase64String(png)}";

    private static string Escape(string text) => WebUtility.HtmlEncode(text);

    private static string Resource(string name)
    {
        using Stream stream = typeof(ReportPage).Assembly.GetManifestResourceStream(name)!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    /// <summary>What page.js reads of a point.</summary>
    private sealed record HoverData(double Left, double Top, string Color, string Title, string Text);
}
