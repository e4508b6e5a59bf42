using System.CommandLine;
using SparseEngine.Cli.Help;
using SparseEngine.Cli.Hosting;

namespace SparseEngine.Cli.Commands;

/// <summary><c>sparse-engine completion</c>: prints the script that makes a shell complete this program's command lines.</summary>
internal sealed class CompletionCommand : Command, IHasExamples
{
    /// <summary>The shells that there is a script for.</summary>
    public static IReadOnlyList<string> Shells { get; } = ["bash", "zsh", "fish", "pwsh"];

    private readonly Argument<string> shell = new("shell")
    {
        Description = "The shell.",
        HelpName = string.Join('|', Shells),
        CustomParser = OptionValues.OneOf(Shells.Select(name => (name, name)).ToArray()),
    };

    public CompletionCommand()
        : base("completion", "Print the script that completes commands, options and values in a shell.")
    {
        Add(shell);
        SetAction(Print);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples { get; } =
    [
        new(
            "For every bash to come, with Debian's and Homebrew's bash-completion",
            "completion bash > ~/.local/share/bash-completion/completions/sparse-engine"),
        new("For zsh, in a folder of its $fpath", "completion zsh > ~/.zfunc/_sparse-engine"),
        new("For fish", "completion fish > ~/.config/fish/completions/sparse-engine.fish"),
    ];

    private int Print(ParseResult line)
    {
        using StreamReader script = new(typeof(CompletionCommand).Assembly.GetManifestResourceStream($"completion.{line.GetRequiredValue(shell)}")!);
        line.InvocationConfiguration.Output.Write(script.ReadToEnd());
        return ExitCode.Done;
    }
}
