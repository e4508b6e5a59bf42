using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using SparseEngine.Accounting;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.DataParallel;
using SparseEngine.Models;
using SparseEngine.Optimizers;
using SparseEngine.Runs;
using SparseEngine.Sparsity;

namespace SparseEngine.Training;

/// <summary>
/// What a training run computes with, all on the device: a model under its masks, its optimizer, the activations of a step and of an evaluation.
/// </summary>
internal sealed class TrainingParts : IDisposable
{
    private TrainingParts(
        ImmutableArray<ParameterDefinition> definitions, SparsityPlan plan, ParameterSet parameters, MovingMasks masks, Optimizer optimizer,
        GptModel model, TrainingStep step, Evaluators? evaluators)
    {
        Definitions = definitions;
        Plan = plan;
        Parameters = parameters;
        Masks = masks;
        Optimizer = optimizer;
        Model = model;
        Step = step;
        Evaluators = evaluators;
    }

    /// <summary>The model's parameters as muP scales them.</summary>
    public ImmutableArray<ParameterDefinition> Definitions { get; }

    /// <summary>The sparse weights, from the beginning of the run.</summary>
    public SparsityPlan Plan { get; }

    /// <summary>The parameters.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>The masks that move.</summary>
    public MovingMasks Masks { get; }

    /// <summary>The optimizer, its state that of the starting point.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>The model.</summary>
    public GptModel Model { get; }

    /// <summary>Its steps.</summary>
    public TrainingStep Step { get; }

    /// <summary>Its evaluations; null where the run only trains.</summary>
    public Evaluators? Evaluators { get; }

    /// <summary>Builds all of it from the run's starting point.</summary>
    /// <param name="context">The run.</param>
    /// <param name="definitions">The model's parameters.</param>
    /// <param name="start">Where it starts.</param>
    /// <param name="loader">Its batches.</param>
    /// <param name="validation">What it is evaluated on; null where it only trains.</param>
    /// <param name="lastStep">The step that it ends with.</param>
    /// <param name="dumpDirectory">Where each mask is also written; null for nowhere.</param>
    public static TrainingParts Build(
        RunContext context, ImmutableArray<ParameterDefinition> definitions, StartingPoint start, BatchLoader loader, ValidationData? validation,
        int lastStep, string? dumpDirectory = null)
    {
        RunParameters run = context.Parameters;
        SparsityPlan plan = SparsityPlan.Create(run.Sparsity, definitions, () => start.DrawnSparsitySeed ?? FirstRank.Draw(context.Ranks));
        definitions = SparseMup.Apply(definitions, plan);
        SparsityLog.Report(context.Logger, run.Sparsity, plan);
        PlannedMasks planned = new(context.Device, plan, start.Step, dumpDirectory);
        Stack<IDisposable> built = new();
        try
        {
            ParameterSet parameters = Owned(BuildParameters(context, definitions, planned, start));
            plan = plan.Found(planned.Found);
            SparsityLog.ReportApplied(context.Logger, plan);
            foreach (string line in SparseMup.InWords(definitions, plan, lastStep))
            {
                context.Logger.LogInformation("{Scaling}", line);
            }

            MovingMasks masks = new(context.Device, plan, parameters, planned.Lived);
            Optimizer optimizer = Optimizer.Create(run.Optimizer!, context.Device, parameters);
            start.Restore(optimizer);
            GptModel model = new(context.Device, run.Model, parameters);
            TrainingStep step = Owned(new TrainingStep(
                context.Device, model, optimizer, loader.BatchSize, loader.SequenceLength, run.RunConfig.Seed, ranks: context.Ranks));
            Evaluators? evaluators = validation is null
                ? null
                : new Evaluators(context.Device, model, validation, run.RunConfig.EvalSteps, context.Observer, context.Ranks);
            return new TrainingParts(definitions, plan, parameters, masks, optimizer, model, step, evaluators);
        }
        catch
        {
            while (built.TryPop(out IDisposable? part))
            {
                part.Dispose();
            }

            throw;
        }

        T Owned<T>(T part)
            where T : IDisposable
        {
            built.Push(part);
            return part;
        }
    }

    /// <summary>Counts the operations of its steps.</summary>
    public StepFlops CountFlops(RunContext context, BatchLoader loader) => new(
        context.Parameters.Model, Plan, loader.BatchSize, loader.SequenceLength, device: context.Device,
        microBatches: Step.MicroBatches * context.Ranks.Size);

    /// <inheritdoc/>
    public void Dispose()
    {
        Evaluators?.Dispose();
        Step.Dispose();
        Parameters.Dispose();
    }

    private static ParameterSet BuildParameters(
        RunContext context, IReadOnlyList<ParameterDefinition> definitions, PlannedMasks masks, StartingPoint start)
    {
        ParameterSet parameters = ParameterSet.Build(context.Device, definitions, start.Weights, masks, trainable: true);
        if (masks.Unplanned.Count > 0)
        {
            parameters.Dispose();
            long weights = masks.Unplanned.Sum(parameter => (long)parameter.NaNs);
            string places = masks.Unplanned.Count == 1 ? "a parameter" : FormattableString.Invariant($"{masks.Unplanned.Count} parameters");
            throw new TrainingException(
                FormattableString.Invariant($"{start.Path}: {weights} {(weights == 1 ? "weight is" : "weights are")} NaN, ")
                + $"the mark of sparse places, in {places} that no sparsity section covers: {Listing(masks.Unplanned)}; "
                + "either give the YAML a sparsity section that does "
                + $"(sparsity 0.0 makes them dense), or write them as zeros with: sparse-engine finalize -i {start.Path} -o FILE");
        }

        return parameters;
    }

    private static string Listing(IReadOnlyList<(string Name, int NaNs)> parameters)
    {
        const int Shown = 4;
        string names = string.Join(", ", parameters.Take(Shown).Select(parameter => $"{parameter.Name} ({parameter.NaNs})"));
        return parameters.Count > Shown ? $"{names}, and {parameters.Count - Shown} more" : names;
    }
}
