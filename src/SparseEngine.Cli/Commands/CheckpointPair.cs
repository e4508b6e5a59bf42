using System.CommandLine;
using SparseEngine.Checkpoints;

namespace SparseEngine.Cli.Commands;

/// <summary>The options of a command that makes one checkpoint of another.</summary>
internal sealed class CheckpointPair
{
    private readonly Option<string> input = new("--input", "-i")
    {
        Description = "The checkpoint to read, .mdl or .safetensors.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string> output = new("--output", "-o")
    {
        Description = "The checkpoint to write; the name's ending, .mdl, .h5, .hdf5 or .safetensors, is its format.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<bool> force = new("--force")
    {
        Description = "Overwrite what exists.",
        Arity = ArgumentArity.Zero,
    };

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(input);
        command.Add(output);
        command.Add(force);
    }

    /// <summary>Where the result goes.</summary>
    public CheckpointOutput Output(ParseResult line) =>
        CheckpointOutput.For(line.GetRequiredValue(output), line.GetRequiredValue(input), line.GetValue(force));

    /// <summary>What it is made of.</summary>
    public CheckpointReader OpenInput(ParseResult line) => CheckpointReader.Open(line.GetRequiredValue(input));
}
