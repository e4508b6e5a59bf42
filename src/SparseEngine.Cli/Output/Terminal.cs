using System.Text;
using SparseEngine.Checkpoints;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace SparseEngine.Cli.Output;

/// <summary>Standard output and error, and whether a person watches them.</summary>
internal sealed class Terminal
{
    /// <summary>The width of tables that go to a file or pipe, where nothing wraps a line.</summary>
    private const int RedirectedWidth = 240;

    private int liveDisplays;

    /// <summary>Opens it.</summary>
    /// <param name="isForwarded">
    /// Whether somebody passes on what is written, as launchers of MPI do: that may look like a terminal and be a file in the end.
    /// </param>
    public Terminal(bool isForwarded = false)
    {
        if (OperatingSystem.IsWindows())
        {
            // What the streams write is UTF-8; there a console has to be told.
            Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        }

        Screen = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = isForwarded ? new ForwardedOutput(Console.Out, RedirectedWidth) : new AnsiConsoleOutput(Console.Out),
            Ansi = isForwarded ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = isForwarded ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
        });
        IsInteractive = !isForwarded && !Console.IsOutputRedirected && Screen.Profile.Capabilities.Interactive;
        if (!IsInteractive)
        {
            Screen.Profile.Width = RedirectedWidth;
        }
    }

    /// <summary>A text of a file or a command line without control characters: it must not command the terminal, nor make lines.</summary>
    public static string Plain(string text) => string.Concat(text.Select(character => char.IsControl(character) ? ' ' : character));

    /// <summary>Standard output as Spectre sees it.</summary>
    public IAnsiConsole Screen { get; }

    /// <summary>Whether standard output is a terminal that lines can be redrawn on.</summary>
    public bool IsInteractive { get; }

    /// <summary>Columns of the screen, or of what goes to a file or pipe.</summary>
    public int Width => Screen.Profile.Width;

    /// <summary>Writes one line to standard output, above a live display if there is one.</summary>
    public void WriteLine(string line)
    {
        // Else as it is: what the terminal breaks can be copied as one line.
        if (Volatile.Read(ref liveDisplays) > 0)
        {
            Screen.Write(new Text(line + "\n"));
        }
        else
        {
            Console.Out.WriteLine(line);
        }
    }

    /// <summary>Writes one line to standard error; above a live display, so that neither garbles the other.</summary>
    public void WriteErrorLine(string line)
    {
        if (Volatile.Read(ref liveDisplays) > 0 && !Console.IsErrorRedirected)
        {
            WriteLine(line);
        }
        else
        {
            Console.Error.WriteLine(line);
        }
    }

    /// <summary>Writes what a checkpoint's reader left out to standard error.</summary>
    public void WriteWarnings(CheckpointReader checkpoint)
    {
        foreach (string warning in checkpoint.Warnings)
        {
            WriteErrorLine(Plain(warning));
        }
    }

    /// <summary>Writes text to standard output as it is, at once.</summary>
    public static void Write(ReadOnlySpan<char> text) => Console.Out.Write(text);

    /// <summary>Writes a table to standard output.</summary>
    public void Write(IRenderable renderable) => Screen.Write(renderable);

    /// <summary>Runs <paramref name="body"/> while a live display owns the screen.</summary>
    public T WhileLive<T>(Func<T> body)
    {
        Interlocked.Increment(ref liveDisplays);
        try
        {
            return body();
        }
        finally
        {
            Interlocked.Decrement(ref liveDisplays);
        }
    }
}
