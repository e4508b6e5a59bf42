using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Runs;
using SparseEngine.Sparsity;

namespace SparseEngine.Training;

/// <summary>What a mode needs of the parameters.</summary>
internal static class RunRequirements
{
    /// <summary>Checks them all.</summary>
    /// <param name="parameters">The run.</param>
    /// <param name="mode">What it does.</param>
    /// <param name="ranks">How many share its batches.</param>
    /// <exception cref="ConfigurationException">Lists everything that is missing or does not fit.</exception>
    public static void Check(RunParameters parameters, RunMode mode, int ranks)
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

        if (!trains && parameters.Overrides is { TimeBudget: not null } or { BudgetSteps: not null })
        {
            Report($"--{(parameters.Overrides.TimeBudget is null ? "budget_steps" : "time_budget")} goes with --mode train and train_and_eval alone");
        }

        CheckEarlyStop();
        if (trains && problems.Count == 0)
        {
            CheckShare();
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

        void CheckEarlyStop()
        {
            if (!trains || parameters.RunConfig.EarlyStop is not { } evaluations)
            {
                return;
            }

            string key = parameters.Overrides.EarlyStop is null ? parameters.Keys["runconfig.early_stop"] : "--early_stop";
            if (mode is not RunMode.TrainAndEval || parameters.RunConfig.EvalFrequency is null)
            {
                string missing =
                    mode is RunMode.TrainAndEval ? $"a number for {parameters.Keys["runconfig.eval_frequency"]}" : "--mode train_and_eval";
                Report(FormattableString.Invariant($"{key} is {evaluations}, and the run evaluates nothing on its way; it needs {missing}"));
            }
        }

        void CheckShare()
        {
            int batchSize = parameters.TrainInput!.BatchSize;
            int microBatches = parameters.Optimizer!.GradAccumSteps;
            string key = parameters.Keys["train_input.batch_size"];
            int least = batchSize / ranks * ranks;
            if (batchSize != least)
            {
                // In the words in which the Model Zoo asks for a multiple of num_csx.
                string valid = FormattableString.Invariant($"{Math.Max(least, ranks)} or {Math.Max(least, ranks) + ranks}");
                Report(FormattableString.Invariant(
                    $"{key} is {batchSize}: training requires the global batch size to be divisible by the number of ranks, {ranks}; ")
                    + $"valid: {valid}");
            }
            else if (batchSize / ranks % microBatches != 0)
            {
                Report(FormattableString.Invariant(
                    $"{parameters.Keys["optimizer.grad_accum_steps"]} is {microBatches}; valid with {ranks} ranks: a divisor of what each takes of ")
                    + FormattableString.Invariant($"{key}, {batchSize} / {ranks} = {batchSize / ranks}"));
            }
        }

        void Report(string text) => problems.Add(new Diagnostic(parameters.File, text));
    }
}
