using System.Collections.Immutable;
using System.CommandLine;
using Microsoft.Extensions.Logging;
using SparseEngine.Checkpoints;
using SparseEngine.Cli.Help;
using SparseEngine.Cli.Hosting;
using SparseEngine.Cli.Output;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Metrics;
using SparseEngine.Sparsity;

namespace SparseEngine.Cli.Commands;

/// <summary><c>sparse-engine sparsify</c>: applies a YAML's sparsity section to a checkpoint, without training.</summary>
internal sealed class SparsifyCommand : Command, IHasExamples
{
    private readonly CheckpointPair files = new();

    private readonly Option<string> parameters = new("--params", "-p")
    {
        Description = "The YAML file; only its sparsity section is read.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<int?> step = new("--step")
    {
        Description = "The step whose level of a schedule is applied; by default the checkpoint's, 0 where it names none.",
        HelpName = "N",
        CustomParser = OptionValues.WholeNumber(0),
    };

    private readonly Option<string?> logging;

    public SparsifyCommand(Option<string?> logging)
        : base("sparsify", "Apply a sparsity section to a checkpoint, without training.")
    {
        this.logging = logging;
        files.AddTo(this);
        Add(parameters);
        Add(step);
        SetAction(line => StopSignals.Run(stop => Sparsify(line, stop)));
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples { get; } =
    [
        new("Prune a trained model as the YAML says", "sparsify -i dense.mdl -o sparse.mdl -p configs/pruning.yaml"),
    ];

    private void Sparsify(ParseResult line, CancellationToken stop)
    {
        CheckpointOutput output = files.Output(line);
        (SparsityParameters sparsity, ImmutableArray<Diagnostic> warnings) = SparsityParametersReader.ReadFile(line.GetRequiredValue(parameters));
        Terminal terminal = new();
        using RunLog log = new(terminal, directory: null, line.GetValue(logging));
        using ILoggerFactory loggers = log.CreateLoggers();
        ILogger logger = loggers.CreateLogger("sparsify");
        foreach (Diagnostic warning in warnings)
        {
            logger.LogWarning("{Warning}", warning);
        }

        using CheckpointReader input = files.OpenInput(line);
        foreach (string warning in input.Warnings)
        {
            logger.LogWarning("{Warning}", warning);
        }

        CheckpointSparsifier sparsifier = CheckpointSparsifier.Create(input, sparsity, step: line.GetValue(step));
        SparsityLog.Report(logger, sparsity, sparsifier.Plan);
        WarnOfDense(logger, sparsifier);
        if (!sparsifier.Plan.Weights.IsEmpty)
        {
            terminal.Write(PlanTable.Of(sparsifier.Plan));
        }

        SparsifiedCheckpoint done = sparsifier.Write(output, stop);
        if (done.NaNsElsewhere > 0)
        {
            logger.LogWarning(
                "NaN stay in parameters that the sparsity section does not cover: {NaNs} in {Parameters}",
                Quantity.Count(done.NaNsElsewhere, "value"), Quantity.Count(done.ParametersElsewhere, "parameter"));
        }

        terminal.WriteLine(Summary(output, done, sparsity.DumpMasks));
    }

    private static void WarnOfDense(ILogger logger, CheckpointSparsifier sparsifier)
    {
        if (sparsifier.NotYetSparse.ToList() is { Count: > 0 } dense)
        {
            logger.LogWarning(
                "{Weights} {Verb} dense at step {Step}: the first update is after step {First}; --step applies another step's level",
                Quantity.Count(dense.Count, "weight"), dense.Count == 1 ? "stays" : "stay", sparsifier.Step,
                dense.Min(weight => weight.Dynamic!.Updates.NextAfter(sparsifier.Step)));
        }
    }

    private static string Summary(CheckpointOutput output, SparsifiedCheckpoint done, bool withMasks)
    {
        string zeros = Quantity.Percent(done.Elements - done.Kept, done.Elements);
        string regrown = done.Regrown > 0 ? $", {Quantity.Count(done.Regrown)} of them regrown as 0" : "";
        string masks = withMasks ? $", masks in {Quantity.Count(done.Weights, ".npy file")} beside it" : "";
        return $"{output.Path}: {Quantity.Count(done.Tensors, "tensor")}, {Quantity.Count(done.Kept)} of {Quantity.Count(done.Elements, "element")} "
            + $"of {Quantity.Count(done.Weights, "weight")} kept "
            + $"({zeros} zeros){regrown}, {Quantity.Bytes(done.Bytes)}{masks}";
    }
}
