using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using SparseEngine.Cli.Hosting;

namespace SparseEngine.Cli.Shells;

/// <summary>
/// What <c>sparse-engine [suggest] "LINE"</c> prints for a shell: a suggestion a line, and behind a tab its description.
/// <c>[suggest:POSITION]</c> takes the line up to a position.
/// </summary>
/// <remarks>The library's own action names options and numbers alike, positional arguments that are given already, and enum members.</remarks>
internal sealed class SuggestAction(RootCommand program, SuggestDirective directive) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        string line = parseResult.Tokens.LastOrDefault(token => token.Type != TokenType.Directive)?.Value ?? "";
        string? position = parseResult.GetResult(directive) is { Values: [string value, ..] } ? value : null;
        int end = int.TryParse(position, NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? Math.Min(given, line.Length) : line.Length;
        foreach (CompletionItem item in Suggestions.For(program, line[..end]))
        {
            parseResult.InvocationConfiguration.Output.Write(item.Detail is { } detail ? $"{item.Label}\t{detail}\n" : $"{item.Label}\n");
        }

        return ExitCode.Done;
    }
}
