using SparseEngine.Cli.Hosting;

namespace SparseEngine.Cli.Help;

/// <summary>A command line that does what people commonly want.</summary>
/// <param name="Purpose">What for, as a phrase.</param>
/// <param name="Line">What stands behind the program's name; a shell's redirection may follow.</param>
internal sealed record Example(string Purpose, string Line)
{
    /// <summary>Two lines, of which a shell takes the first for a comment, so that they can be pasted together.</summary>
    public override string ToString() => $"  # {Purpose}\n  {CommandLineSyntax.ProgramName} {Line}\n";
}
