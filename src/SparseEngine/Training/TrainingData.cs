using SparseEngine.Configuration;
using SparseEngine.Data;

namespace SparseEngine.Training;

/// <summary>Opens a run's samples with its seeds.</summary>
internal static class TrainingData
{
    /// <summary>The samples of train_input or eval_input.</summary>
    /// <param name="parameters">The run.</param>
    /// <param name="split">Which.</param>
    /// <param name="texts">Texts that the run has read.</param>
    public static ISampleSource Open(RunParameters parameters, DataSplit split, TextLibrary texts) =>
        SampleSource.Open(InputOf(parameters, split), split, parameters.Model.VocabularySize, parameters.File, texts);

    /// <summary>Their batches.</summary>
    public static BatchLoader Loader(RunParameters parameters, ISampleSource source, DataSplit split)
    {
        InputParameters input = InputOf(parameters, split);
        return new BatchLoader(source, input.BatchSize, input.Shuffle, ShuffleSeed(parameters, split));
    }

    /// <summary>The seed of the samples' order: the input's own, else the run's.</summary>
    public static int ShuffleSeed(RunParameters parameters, DataSplit split) =>
        InputOf(parameters, split).ShuffleSeed ?? parameters.RunConfig.Seed;

    private static InputParameters InputOf(RunParameters parameters, DataSplit split) =>
        (split == DataSplit.Training ? parameters.TrainInput : parameters.EvalInput)
        ?? throw new InvalidOperationException($"the run has no input for {split}");
}
