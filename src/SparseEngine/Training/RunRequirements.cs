using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Runs;
using SparseEngine.Sparsity;

namespace SparseEngine.Training;

/// <summary>What a mode needs of the parameters.</summary>
internal static class RunRequirements
{
    /// <summary>Checks them all.</summary>
    /// <exception cref="ConfigurationException">Lists everything that is missing or does not fit.</exception>
    public static void Check(RunParameters parameters, RunMode mode)
    {
        List<Diagnostic> problems = [.. ParameterRanges.Violations(parameters).Select(text => new Diagnostic(parameters.File, text))];
        bool trains = mode is RunMode.Train or RunMode.TrainAndEval;
        bool evaluates = mode is not RunMode.Train;
        if (trains)
        {
            Require(parameters.TrainInput, "train_input");
            Require(parameters.Optimizer, "optimizer");
        }

        if (evaluates)
        {
            Require(parameters.EvalInput, "eval_input");
        }

        if (mode is RunMode.EvalAll && parameters.RunConfig.CheckpointPath is not null)
        {
            Report("Checkpoint path cannot be provided with eval_all. Checkpoints inferred from model_dir");
        }

        if (problems.Count > 0)
        {
            throw new ConfigurationException(problems);
        }

        if (trains)
        {
            // What of the section does not fit the model is known before a folder is made or data are opened.
            _ = SparsityPlan.Create(parameters.Sparsity, GptArchitecture.Parameters(parameters.Model), drawSeed: () => 0);
        }

        void Require(object? section, string name)
        {
            if (section is null)
            {
                Report($"{parameters.Keys[name]} is missing; {(trains ? "training" : "evaluation")} needs it");
            }
        }

        void Report(string text) => problems.Add(new Diagnostic(parameters.File, text));
    }
}
