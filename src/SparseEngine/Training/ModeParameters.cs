using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Runs;

namespace SparseEngine.Training;

/// <summary>
/// What a run's parameters are in one mode: a file may say of eval and eval_all by themselves on what they evaluate, and which checkpoints.
/// </summary>
internal static class ModeParameters
{
    /// <summary>The parameters, with what the mode takes in place of what training does.</summary>
    public static RunParameters In(this RunParameters parameters, RunMode mode)
    {
        EvaluationParameters? evaluation = mode switch
        {
            RunMode.Eval => parameters.Validate,
            RunMode.EvalAll => parameters.ValidateAll,
            _ => null,
        };
        if (evaluation is null)
        {
            return parameters;
        }

        ImmutableArray<InputParameters> inputs = evaluation.Inputs;
        return parameters with
        {
            EvalInput = inputs.FirstOrDefault(),
            FurtherEvalInputs = [.. inputs.Skip(1)],
            RunConfig = parameters.RunConfig with { CheckpointPath = evaluation.CheckpointPath },
        };
    }
}
