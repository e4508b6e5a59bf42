using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Help;
using SparseEngine.Cli.Commands;
using SparseEngine.Cli.Help;
using SparseEngine.Cli.Shells;

namespace SparseEngine.Cli;

/// <summary>The whole command line: every command, in the groups that the help shows.</summary>
internal sealed class SparseEngineCommand : RootCommand
{
    public SparseEngineCommand()
        : base("Trains small GPTs with unstructured weight sparsity from Cerebras Model Zoo YAML.")
    {
        Groups =
        [
            new("Start", [new InitCommand(), new PrepareCommand()]),
            new("Train", [new RunCommand(Logging), new SweepCommand(), new GenerateCommand()]),
            new("Checkpoints", [new InspectCommand(), new FinalizeCommand(), new SparsifyCommand(Logging), new ConvertCommand()]),
            new("Cost and devices", [new FlopsCommand(), new ReportCommand(), new DevicesCommand()]),
            new("Shell", [new CompletionCommand()]),
        ];
        foreach (Command command in Groups.SelectMany(group => group.Commands))
        {
            Add(command);
        }

        Add(Logging);
        SuggestDirective suggest = Directives.OfType<SuggestDirective>().Single();
        suggest.Action = new SuggestAction(this, suggest);
        Options.OfType<HelpOption>().Single().Action = new HelpWithExamples(this, Groups, FirstRun);
    }

    /// <summary>The commands by what they are for.</summary>
    public IReadOnlyList<CommandGroup> Groups { get; }

    /// <summary>The option that every command has: how much is said.</summary>
    public Option<string?> Logging { get; } = new("--logging")
    {
        Description = "How much is said; INFO if not given.",
        HelpName = "DEBUG|INFO|WARNING|ERROR|CRITICAL",
        Recursive = true,
        CustomParser = OptionValues.LogLevelName,
    };

    /// <summary>What somebody new types first.</summary>
    public IReadOnlyList<Example> FirstRun { get; } =
    [
        new("Write tiny.yaml, in which every section is explained", "init tiny"),
        new("Train on text that comes with the .NET SDK, and evaluate", "run CPU --params tiny.yaml --mode train_and_eval --model_dir out/tiny"),
        new("See what it has learned", "generate --checkpoint_path out/tiny/checkpoint_5000.mdl --prompt \"Returns the \""),
    ];
}
