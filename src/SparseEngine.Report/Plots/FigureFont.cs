using SkiaSharp;
using SparseEngine.Configuration;

namespace SparseEngine.Report.Plots;

/// <summary>The font of all figures.</summary>
internal static class FigureFont
{
    // Those of Windows, macOS and Linux desktops, and what Debian installs with a browser.
    private static readonly string[] Preferred = ["Segoe UI", "Helvetica Neue", "Inter", "Noto Sans", "Liberation Sans", "DejaVu Sans", "Arial"];

    /// <summary>Its family: the first of those that suit the page, else any that is installed.</summary>
    public static string Name { get; } = Choose();

    /// <summary>Refuses to draw without letters.</summary>
    /// <exception cref="ConfigurationException">There is no font.</exception>
    public static void Check()
    {
        if (SKFontManager.Default.FontFamilyCount == 0)
        {
            throw new ConfigurationException(
                "no fonts are installed to write in figures with; valid: any TrueType font, such as Debian's package fonts-dejavu-core");
        }
    }

    private static string Choose()
    {
        string[] installed = SKFontManager.Default.GetFontFamilies();
        return Preferred.FirstOrDefault(name => installed.Contains(name, StringComparer.OrdinalIgnoreCase)) ?? installed.FirstOrDefault() ?? "";
    }
}
