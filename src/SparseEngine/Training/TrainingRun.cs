using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using SparseEngine.Configuration;
using SparseEngine.DataParallel;
using SparseEngine.Distributed;
using SparseEngine.Kernels.Devices;
using SparseEngine.Runs;

namespace SparseEngine.Training;

/// <summary>A run as the YAML and the command line describe it: trains, evaluates, or both.</summary>
public sealed class TrainingRun
{
    private readonly RunContext context;
    private readonly RunMode mode;

    private TrainingRun(RunContext context, RunMode mode)
    {
        this.context = context;
        this.mode = mode;
    }

    /// <summary>Checks that the parameters allow <paramref name="mode"/>. Opens nothing yet.</summary>
    /// <param name="parameters">The run.</param>
    /// <param name="mode">What it does.</param>
    /// <param name="device">Where it computes; it stays the caller's.</param>
    /// <param name="logger">Receives what a person should know; null for nobody.</param>
    /// <param name="observer">Follows the run; null for nobody.</param>
    /// <param name="ranks">
    /// Those who train one model together, each by a run of the same parameters; null for this process alone. Rank 0 writes all files, and what all
    /// know its logger and observer alone are told.
    /// </param>
    /// <exception cref="ConfigurationException">
    /// A section the mode needs is missing, a value is out of range, or sizes do not fit one another, or the number of ranks.
    /// </exception>
    public static TrainingRun Create(
        RunParameters parameters, RunMode mode, ComputeDevice device, ILogger? logger = null, IRunObserver? observer = null,
        Communicator? ranks = null) => Create(parameters, mode, device, logger, observer, ranks, TimeProvider.System);

    /// <summary>The same by another clock, which times what a time budget has room for.</summary>
    internal static TrainingRun Create(
        RunParameters parameters, RunMode mode, ComputeDevice device, ILogger? logger, IRunObserver? observer, Communicator? ranks,
        TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(device);
        RunParameters run = parameters.In(mode);
        ranks ??= Communicator.Alone;
        RunRequirements.Check(run, mode, ranks.Size);
        (ILogger? told, IRunObserver? following) = ranks.IsFirst ? (logger, observer) : (null, null);
        return new TrainingRun(new RunContext(run, device, told ?? NullLogger.Instance, following ?? new Nobody(), ranks, clock), mode);
    }

    /// <summary>
    /// Runs to the end, or until <paramref name="stop"/> asks for one: then the step in progress is finished and a checkpoint written. Where one rank
    /// is asked, all stop after the same step.
    /// </summary>
    /// <exception cref="TrainingException">The run failed, or something differs between ranks that must not.</exception>
    /// <exception cref="Data.DataException">The data cannot be used.</exception>
    /// <exception cref="Checkpoints.CheckpointException">A checkpoint cannot be read.</exception>
    /// <exception cref="Files.OutputException">A checkpoint or a log cannot be written.</exception>
    /// <exception cref="ConfigurationException">
    /// Checkpoint and parameters do not go together, or another run trains in the model directory.
    /// </exception>
    public RunSummary Execute(CancellationToken stop = default)
    {
        RankComparison.Require(context.Ranks, () => [RunFacts.Version(), RunFacts.Configuration(context.Parameters, mode)]);
        return mode is RunMode.Eval or RunMode.EvalAll
            ? EvaluationRun.Execute(context, mode, stop)
            : TrainingAssembly.Execute(context, mode, stop);
    }

    private sealed class Nobody : IRunObserver;
}

/// <summary>What every part of a run is given.</summary>
internal sealed record RunContext(
    RunParameters Parameters, ComputeDevice Device, ILogger Logger, IRunObserver Observer, Communicator Ranks, TimeProvider Clock);
