using System.CommandLine;

namespace SparseEngine.Cli.Help;

/// <summary>Commands that serve one purpose, as the help shows them.</summary>
/// <param name="Heading">What they are for.</param>
/// <param name="Commands">The commands.</param>
internal sealed record CommandGroup(string Heading, IReadOnlyList<Command> Commands);
