using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>Lays the command line's options over the runconfig section.</summary>
internal static class CommandLineOverrides
{
    /// <summary>The runconfig with the options that are given in place of its own values.</summary>
    public static RunConfig Apply(RunConfigOverrides options, RunConfig config, DiagnosticCollector diagnostics)
    {
        CheckCount("--max_steps", options.MaxSteps);
        CheckCount("--num_steps", options.NumSteps);
        CheckCount("--num_epochs", options.NumEpochs);
        CheckCount("--budget_steps", options.BudgetSteps);
        CheckCount("--eval_steps", options.EvalSteps);
        CheckCount("--early_stop", options.EarlyStop);
        CheckCount("--num_csx", options.NumCsx);
        if (options is { NumSteps: not null, NumEpochs: not null })
        {
            diagnostics.OptionError("--num_steps and --num_epochs are both given; give one of them");
        }

        CheckBudget();
        if (options.Logging is { } logging && !RunConfigSection.LogLevels.TryGet(logging, out _))
        {
            diagnostics.OptionError($"--logging is \"{logging}\"; valid: {RunConfigSection.LogLevels}");
        }

        // num_steps and num_epochs are two ways to say the same: giving one replaces the other too.
        bool givesLength = options.NumSteps is not null || options.NumEpochs is not null;
        // What the file says of a budget does not hold where the line says something else about how long to train.
        bool givesBudget = options.TimeBudget is not null || options.BudgetSteps is not null;
        bool keepsBudget = !givesBudget && !givesLength && options.MaxSteps is null;
        return config with
        {
            TimeBudget = keepsBudget ? config.TimeBudget : options.TimeBudget,
            BudgetSteps = keepsBudget ? config.BudgetSteps : options.BudgetSteps,
            ModelDirectory = options.ModelDirectory ?? config.ModelDirectory,
            CheckpointPath = options.CheckpointPath ?? config.CheckpointPath,
            IsPretrainedCheckpoint = options.IsPretrainedCheckpoint ?? config.IsPretrainedCheckpoint,
            MaxSteps = options.MaxSteps ?? config.MaxSteps,
            NumSteps = givesLength ? options.NumSteps : config.NumSteps,
            NumEpochs = givesLength ? options.NumEpochs : config.NumEpochs,
            EvalSteps = options.EvalSteps ?? config.EvalSteps,
            EarlyStop = options.EarlyStop ?? config.EarlyStop,
            NumCsx = options.NumCsx ?? config.NumCsx,
            Logging = options.Logging?.ToUpperInvariant() ?? config.Logging,
        };

        void CheckBudget()
        {
            string? budget = options.TimeBudget is not null ? "--time_budget" : options.BudgetSteps is not null ? "--budget_steps" : null;
            string? other = options is { TimeBudget: not null, BudgetSteps: not null } ? "--budget_steps"
                : options.MaxSteps is not null ? "--max_steps"
                : options.NumSteps is not null ? "--num_steps"
                : options.NumEpochs is not null ? "--num_epochs"
                : null;
            if (budget is not null && other is not null)
            {
                diagnostics.OptionError($"{budget} and {other} are both given, and each says how long to train; give one of them");
            }
        }

        void CheckCount(string option, int? value)
        {
            if (value < 1)
            {
                diagnostics.OptionError($"{option} is {value}; valid: {SectionValue.IntegerDescription(1)}");
            }
        }
    }
}
