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
        CheckCount("--eval_steps", options.EvalSteps);
        CheckCount("--num_csx", options.NumCsx);
        if (options is { NumSteps: not null, NumEpochs: not null })
        {
            diagnostics.OptionError("--num_steps and --num_epochs are both given; give one of them");
        }

        if (options.Logging is { } logging && !RunConfigSection.LogLevels.TryGet(logging, out _))
        {
            diagnostics.OptionError($"--logging is \"{logging}\"; valid: {RunConfigSection.LogLevels}");
        }

        // num_steps and num_epochs are two ways to say the same: giving one replaces the other too.
        bool givesLength = options.NumSteps is not null || options.NumEpochs is not null;
        return config with
        {
            ModelDirectory = options.ModelDirectory ?? config.ModelDirectory,
            CheckpointPath = options.CheckpointPath ?? config.CheckpointPath,
            IsPretrainedCheckpoint = options.IsPretrainedCheckpoint ?? config.IsPretrainedCheckpoint,
            MaxSteps = options.MaxSteps ?? config.MaxSteps,
            NumSteps = givesLength ? options.NumSteps : config.NumSteps,
            NumEpochs = givesLength ? options.NumEpochs : config.NumEpochs,
            EvalSteps = options.EvalSteps ?? config.EvalSteps,
            NumCsx = options.NumCsx ?? config.NumCsx,
            Logging = options.Logging?.ToUpperInvariant() ?? config.Logging,
        };

        void CheckCount(string option, int? value)
        {
            if (value < 1)
            {
                diagnostics.OptionError($"{option} is {value}; valid: {SectionValue.IntegerDescription(1)}");
            }
        }
    }
}
