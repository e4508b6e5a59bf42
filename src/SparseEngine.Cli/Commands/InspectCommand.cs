using System.CommandLine;
using SparseEngine.Checkpoints;
using SparseEngine.Cli.Help;
using SparseEngine.Cli.Hosting;
using SparseEngine.Cli.Output;

namespace SparseEngine.Cli.Commands;

/// <summary><c>sparse-engine inspect</c>: shows what a checkpoint holds, and by reading all of it, that it is whole.</summary>
internal sealed class InspectCommand : Command, IHasExamples
{
    private readonly Argument<string> checkpoint = new("checkpoint")
    {
        Description = "The checkpoint, .mdl or .safetensors.",
        HelpName = "FILE",
        CustomParser = OptionValues.FileName,
    };

    private readonly Option<bool> json = new("--json")
    {
        Description = "Print one JSON object in place of tables.",
        Arity = ArgumentArity.Zero,
    };

    public InspectCommand()
        : base("inspect", "Show a checkpoint's tensors: shapes, types, sparsity, NaN and infinities; and its step.")
    {
        Add(checkpoint);
        Add(json);
        SetAction(Inspect);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples { get; } =
    [
        new("The tensors of a checkpoint", "inspect out/quickstart/checkpoint_5000.mdl"),
        new("The same for a program", "inspect model.safetensors --json"),
    ];

    private int Inspect(ParseResult line)
    {
        using CheckpointReader reader = CheckpointReader.Open(line.GetRequiredValue(checkpoint));
        CheckpointInspection inspection = CheckpointInspection.Of(reader);
        Terminal terminal = new();
        terminal.WriteWarnings(reader);
        if (line.GetValue(json))
        {
            // As it is: on a terminal, a line broken to fit would be no JSON.
            Terminal.Write($"{InspectionJson.Of(inspection)}\n");
        }
        else
        {
            terminal.Write(InspectionTable.Of(inspection));
            terminal.Write(InspectionTable.FactsOf(inspection));
        }

        return ExitCode.Done;
    }
}
