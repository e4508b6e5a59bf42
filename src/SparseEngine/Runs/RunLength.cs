using SparseEngine.Configuration;

namespace SparseEngine.Runs;

/// <summary>Where a run ends.</summary>
internal static class RunLength
{
    /// <summary>The last step, from max_steps, num_steps and num_epochs: the first of these limits that is reached.</summary>
    /// <param name="config">The runconfig section; max_steps counts from the first run's first step, the other two from this run's.</param>
    /// <param name="done">Steps already done.</param>
    /// <param name="batchesPerEpoch">Whole batches in the training data.</param>
    /// <exception cref="ConfigurationException">There is no limit.</exception>
    /// <exception cref="TrainingException">More steps are done than max_steps allows.</exception>
    public static int LastStep(RunConfig config, int done, int batchesPerEpoch)
    {
        if (done > config.MaxSteps)
        {
            throw new TrainingException($"Global step {done} already exceeds max step {config.MaxSteps}.");
        }

        long? thisRun = config.NumSteps ?? (long?)config.NumEpochs * (config.StepsPerEpoch ?? batchesPerEpoch);
        if (config.MaxSteps is null && thisRun is null)
        {
            throw new ConfigurationException("runconfig has no limit for training; give max_steps, num_steps or num_epochs");
        }

        return (int)Math.Min(config.MaxSteps ?? int.MaxValue, done + (thisRun ?? int.MaxValue));
    }

    /// <summary>The steps of a run that starts fresh; null where only its data would tell.</summary>
    /// <param name="config">The runconfig section.</param>
    public static int? KnownSteps(RunConfig config)
    {
        bool needsData = config is { NumSteps: null, NumEpochs: not null, StepsPerEpoch: null };
        bool isLimited = config.MaxSteps is not null || config.NumSteps is not null || config.NumEpochs is not null;
        return needsData || !isLimited ? null : LastStep(config, done: 0, batchesPerEpoch: 0);
    }
}
