using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace SparseEngine.Cli.Tests;

/// <summary>Debian's browser without a screen.</summary>
internal static partial class Chromium
{
    private const string Program = "/usr/bin/chromium";

    // What a page looks like once it is laid out, written where --dump-dom shows it.
    private const string Probe = """
        <script>
        addEventListener('load', () => {
          const found = {
            dark: matchMedia('(prefers-color-scheme: dark)').matches,
            overflow: document.documentElement.scrollWidth - innerWidth,
            figures: [...document.querySelectorAll('figure')].map(figure => {
              const [plot, points] = [figure.querySelector('.plot'), figure.querySelector('script.points')];
              let hover = '';
              if (points) {
                const box = plot.getBoundingClientRect();
                const last = JSON.parse(points.textContent).at(-1);
                plot.dispatchEvent(new PointerEvent('pointermove', {
                  clientX: box.left + last.left / 1000 * box.width + 3, clientY: box.top + last.top / 1000 * box.height - 3,
                }));
                hover = figure.querySelector('.tip').innerText;
                plot.dispatchEvent(new PointerEvent('pointerleave'));
                hover += figure.querySelector('.tip').innerText === '' || figure.querySelector('.tip').offsetParent === null ? '' : ' (stays)';
              }
              const image = figure.querySelector('img');
              const canvas = document.createElement('canvas');
              let colours = 0;
              if (image) {
                canvas.width = image.naturalWidth;
                canvas.height = image.naturalHeight;
                const context = canvas.getContext('2d');
                context.drawImage(image, 0, 0);
                colours = new Set(new Uint32Array(context.getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size;
              }
              return {
                id: figure.id, title: figure.querySelector('h2').innerText, caption: figure.querySelector('figcaption, .missing').innerText,
                drawn: image !== null, width: image?.getBoundingClientRect().width ?? 0, pixels: image?.naturalWidth ?? 0, colours,
                legend: [...figure.querySelectorAll('.legend li')].map(run => run.innerText), hover,
              };
            }),
          };
          document.documentElement.dataset.found = JSON.stringify(found);
        });
        </script>
        """;

    /// <summary>Why pages cannot be rendered here; null where they can.</summary>
    public static string? Missing => File.Exists(Program) ? null : $"{Program} is not installed (Debian: apt-get install chromium)";

    /// <summary>Lays out a page, all of whose content must be in it, and tells what became of its figures.</summary>
    public static async Task<RenderedPage> RenderAsync(string page, int width, bool dark)
    {
        using TemporaryFolder folder = new();
        folder.Write("page.html", page.Replace("</body>", $"{Probe}</body>", StringComparison.Ordinal));
        using Process browser = Process.Start(new ProcessStartInfo(Program,
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync", $"--user-data-dir={folder.File("profile")}", $"--window-size={width},900", "--hide-scrollbars",
            $"--blink-settings=preferredColorScheme={(dark ? 0 : 1)}", "--dump-dom", folder.File("page.html"),
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = browser.StandardError.ReadToEndAsync();
        string dom = await browser.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(2));
        await browser.WaitForExitAsync();
        Match found = Found().Match(dom);
        Assert.True(found.Success, $"the page was not laid out:\n{await errors}");
        return JsonSerializer.Deserialize<RenderedPage>(WebUtility.HtmlDecode(found.Groups[1].Value), JsonSerializerOptions.Web)!;
    }

    [GeneratedRegex("data-found=\"([^\"]*)\"")]
    private static partial Regex Found();
}

/// <summary>A page as a browser laid it out.</summary>
/// <param name="Dark">Whether it is for a dark screen.</param>
/// <param name="Overflow">Pixels by which it is wider than the window.</param>
/// <param name="Figures">Its figures.</param>
internal sealed record RenderedPage(bool Dark, int Overflow, IReadOnlyList<RenderedFigure> Figures);

/// <summary>A figure as a browser laid it out.</summary>
/// <param name="Id">Its anchor.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Caption">What is said of it.</param>
/// <param name="Drawn">Whether it has a picture.</param>
/// <param name="Width">The width on the page, in CSS pixels.</param>
/// <param name="Pixels">The width of the picture itself.</param>
/// <param name="Colours">How many colours the picture has: an empty one has one.</param>
/// <param name="Legend">The runs that it is said to show.</param>
/// <param name="Hover">What it says where the pointer is near its last place that tells something; empty where it has none.</param>
internal sealed record RenderedFigure(
    string Id, string Title, string Caption, bool Drawn, double Width, int Pixels, int Colours, IReadOnlyList<string> Legend, string Hover);
