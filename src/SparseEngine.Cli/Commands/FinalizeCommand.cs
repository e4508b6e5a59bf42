using System.CommandLine;
using SparseEngine.Checkpoints;
using SparseEngine.Cli.Help;
using SparseEngine.Cli.Hosting;
using SparseEngine.Cli.Output;
using SparseEngine.Metrics;

namespace SparseEngine.Cli.Commands;

/// <summary><c>sparse-engine finalize</c>: makes a sparse checkpoint an ordinary one, with 0 where it has NaN.</summary>
internal sealed class FinalizeCommand : Command, IHasExamples
{
    private readonly CheckpointPair files = new();

    public FinalizeCommand()
        : base("finalize", "Turn a checkpoint's sparse places (NaN) into zeros, in weights and optimizer state.")
    {
        files.AddTo(this);
        SetAction(line => StopSignals.Run(stop => Finalize(line, stop)));
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples { get; } =
    [
        new("An ordinary checkpoint of a sparse one, in another format too", "finalize -i out/quickstart/checkpoint_5000.mdl -o final.safetensors"),
    ];

    private void Finalize(ParseResult line, CancellationToken stop)
    {
        CheckpointOutput output = files.Output(line);
        using CheckpointReader input = files.OpenInput(line);
        Terminal terminal = new();
        terminal.WriteWarnings(input);
        FinalizedCheckpoint done = CheckpointFinalizer.Write(input, output, stop);
        terminal.WriteLine(
            $"{output.Path}: {Quantity.Count(done.Tensors, "tensor")}, {Quantity.Count(done.Replaced)} of {Quantity.Count(done.Elements, "element")} "
            + $"{(done.Replaced == 1 ? "was NaN and is" : "were NaN and are")} 0, {Quantity.Bytes(done.Bytes)}");
    }
}
