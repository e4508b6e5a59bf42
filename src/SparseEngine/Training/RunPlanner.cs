using System.Collections.Immutable;
using SparseEngine.Accounting;
using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Runs;
using SparseEngine.Sparsity;

namespace SparseEngine.Training;

/// <summary>What a run would be, known without its data.</summary>
/// <param name="Plan">The sparse weights: where their number of non-zeros changes, those of the run's end, or of its start where its end is not
/// known.</param>
/// <param name="Parameters">The model's parameters, zeros included.</param>
/// <param name="NonZeros">Those that are not pruned.</param>
/// <param name="TokensPerStep">Tokens in a step: batch_size x max_sequence_length of train_input, else of eval_input; 0 without either.</param>
/// <param name="FlopsDense">Floating-point operations of a training step without sparsity.</param>
/// <param name="FlopsExecuted">Floating-point operations of a training step, on average over the run.</param>
/// <param name="FlopsAtEnd">Those of a step at the level of <paramref name="Plan"/>.</param>
/// <param name="StateBytesDense">Bytes of weights, gradients and optimizer state without sparsity.</param>
/// <param name="StateBytes">Bytes of weights, gradients, optimizer state and CSR patterns; a device may keep more beside a pattern.</param>
public sealed record RunDescription(
    SparsityPlan Plan, long Parameters, long NonZeros, long TokensPerStep, double FlopsDense, double FlopsExecuted,
    double FlopsAtEnd, long StateBytesDense, long StateBytes)
{
    /// <summary>The sparse weights from the beginning of the run.</summary>
    public SparsityPlan FromBeginning { get; init; } = Plan;

    /// <summary>What muP multiplies learning rates and initial deviations by, a line for all weights that share it; none where that is 1.</summary>
    public ImmutableArray<string> Scaling { get; init; } = [];

    /// <summary>The steps of the run; null where only its data would tell.</summary>
    public int? Steps { get; init; }
}

/// <summary>Describes runs without touching data, weights or the disk.</summary>
public static class RunPlanner
{
    /// <summary>Plans the sparsity of a run and adds up its size and work.</summary>
    public static RunDescription Describe(RunParameters parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (parameters.RunConfig.BudgetSteps is { } budget && RunLength.KnownSteps(parameters.RunConfig) is { } written)
        {
            parameters = new Stretch(written, budget).Of(parameters);
        }

        ImmutableArray<ParameterDefinition> definitions = GptArchitecture.Parameters(parameters.Model);
        SparsityPlan fromBeginning = SparsityPlan.Create(parameters.Sparsity, definitions);
        int? steps = RunLength.KnownSteps(parameters.RunConfig);
        SparsityPlan plan = fromBeginning.After(steps ?? 0);
        InputParameters? input = parameters.TrainInput ?? parameters.EvalInput;
        FlopCount flops = FlopCount.OfTrainingStep(parameters.Model, plan, input?.BatchSize ?? 0, input?.MaxSequenceLength ?? 0);

        StepFlops stepFlops = new(parameters.Model, fromBeginning, input?.BatchSize ?? 0, input?.MaxSequenceLength ?? 0);
        double average = fromBeginning.IsDynamic && steps is { } count ? stepFlops.Until(count).Executed / count : flops.Executed;

        StoredCount size = ModelStorage.Of(parameters.Model, plan, parameters.Optimizer).Parameters;
        long patterns = plan.Weights.Sum(weight => weight.PatternBytes);
        long perElement = parameters.Optimizer is { } optimizer ? TrainingMemory.BytesPerElement(optimizer) : sizeof(float);
        return new RunDescription(
            plan,
            size.Dense,
            size.Stored,
            (long)(input?.BatchSize ?? 0) * (input?.MaxSequenceLength ?? 0),
            flops.Dense,
            average,
            flops.Executed,
            size.Dense * perElement,
            (size.Stored * perElement) + patterns) 
        {
            FromBeginning = fromBeginning,
            Scaling = [.. SparseMup.InWords(SparseMup.Apply(definitions, fromBeginning), fromBeginning, steps)],
            Steps = steps,
        };
    }
}
