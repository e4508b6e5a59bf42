using System.Text;
using Spectre.Console;

namespace SparseEngine.Cli.Output;

/// <summary>
/// Standard output that somebody passes on. It may look like a terminal; were it treated as one, .NET would write a terminal's commands into it as
/// soon as its width is asked for.
/// </summary>
internal sealed class ForwardedOutput(TextWriter writer, int width) : IAnsiConsoleOutput
{
    public TextWriter Writer { get; } = writer;

    public bool IsTerminal => false;

    public int Width => width;

    public int Height => 80;

    public void SetEncoding(Encoding encoding)
    {
        // It is UTF-8 as all that is written.
    }
}
