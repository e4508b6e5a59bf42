using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using SparseEngine.Cli.Hosting;

namespace SparseEngine.Cli.Shells;

/// <summary>What may stand at the end of a command line that somebody is typing.</summary>
internal static class Suggestions
{
    /// <summary>Stands for any file or folder, which the shell itself completes.</summary>
    public const string AnyFile = "<FILE>";

    /// <summary>Stands for any folder, likewise.</summary>
    public const string AnyFolder = "<DIR>";

    /// <summary>What the last word may become.</summary>
    /// <param name="program">The commands.</param>
    /// <param name="line">The line up to the cursor, with the program's name.</param>
    public static IEnumerable<CompletionItem> For(RootCommand program, string line)
    {
        (IReadOnlyList<string> complete, string typed) = ShellWords.Split(line);
        if (complete.Count == 0)
        {
            return [];
        }

        List<string> words = [.. complete.Skip(1)];
        string head = "";
        if (typed.StartsWith("--", StringComparison.Ordinal) && typed.IndexOf('=') is > 0 and int equals)
        {
            words.Add(typed[..equals]);
            head = typed[..(equals + 1)];
            typed = typed[head.Length..];
        }

        return At(program.Parse(words, CommandLineSyntax.Parsing), typed)
            .Where(item => item.Label is AnyFile or AnyFolder || item.Label.StartsWith(typed, StringComparison.OrdinalIgnoreCase))
            .Select(item => item.Label is AnyFile or AnyFolder ? item : new CompletionItem(head + item.Label, detail: item.Detail));
    }

    private static List<CompletionItem> At(ParseResult line, string typed)
    {
        Command command = line.CommandResult.Command;
        OptionResult? open = OpenOption(line);
        if (open is { Tokens.Count: 0 })
        {
            return [.. Values(open.Option.HelpName)];
        }

        List<CompletionItem> items = [];
        Argument? next = command.Arguments.FirstOrDefault(argument => line.GetResult(argument) is null or { Tokens.Count: 0 });
        bool wantsOption = typed.StartsWith('-');
        if (!wantsOption)
        {
            items.AddRange(Values(open?.Option.HelpName));
            items.AddRange(Values(next?.HelpName));
            items.AddRange(command.Subcommands.Select(child => new CompletionItem(child.Name, detail: child.Description)));
        }

        bool mustComeFirst = command.Subcommands.Count > 0 || next is { Arity.MinimumNumberOfValues: > 0 };
        if (wantsOption || !mustComeFirst)
        {
            items.AddRange(OptionsOf(command)
                .Where(option => !option.Hidden && line.GetResult(option) is null or { Implicit: true })
                .Select(option => new CompletionItem(option.Name, detail: option.Description)));
        }

        return items;
    }

    /// <summary>The option that what comes next may be a value of.</summary>
    private static OptionResult? OpenOption(ParseResult line)
    {
        Token? last = line.Tokens.LastOrDefault(token => token.Type == TokenType.Option);
        return OptionsOf(line.CommandResult.Command)
            .Select(line.GetResult)
            .FirstOrDefault(result => result?.IdentifierToken is { } name && name.Equals(last) && TakesMore(result));
    }

    private static bool TakesMore(OptionResult result) =>
        result.Tokens.Count < result.Option.Arity.MaximumNumberOfValues && (result.Tokens.Count == 0 || result.Option.AllowMultipleArgumentsPerToken);

    private static IEnumerable<Option> OptionsOf(Command command) =>
        command.Options.Concat(command.Parents.OfType<Command>().SelectMany(parent => parent.Options).Where(option => option.Recursive));

    private static IEnumerable<CompletionItem> Values(string? helpName)
    {
        ValuePlaceholder value = ValuePlaceholder.Of(helpName);
        IEnumerable<string> place = value.TakesFile ? [AnyFile] : value.TakesFolder ? [AnyFolder] : [];
        return value.Words.Concat(place).Select(word => new CompletionItem(word));
    }
}
