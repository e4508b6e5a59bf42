using System.CommandLine;

namespace SparseEngine.Cli.Hosting;

/// <summary>How a command line begins, and how it is read.</summary>
internal static class CommandLineSyntax
{
    /// <summary>The program's name.</summary>
    public const string ProgramName = "sparse-engine";

    /// <summary>The command that trains and evaluates.</summary>
    public const string Run = "run";

    /// <summary>How a line is parsed: a prompt may begin with '@', which would otherwise name a response file.</summary>
    public static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };
}
