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
    /// <exception cref="DataException">The data cannot be used, or have longer samples than the model has positions.</exception>
    public static ISampleSource Open(RunParameters parameters, DataSplit split, TextLibrary texts)
    {
        ModelParameters model = parameters.Model;
        InputParameters input = InputOf(parameters, split);
        ISampleSource source = SampleSource.Open(input, split, model.VocabularySize, parameters.File, texts);
        if (model.UsePositionEmbedding && source.SequenceLength > model.MaxPositionEmbeddings)
        {
            int length = source.SequenceLength;
            source.Dispose();
            throw new DataException(
                $"{string.Join(", ", input.DataDirectories)}: the samples have {length} tokens; valid: at most model.max_position_embeddings, {model.MaxPositionEmbeddings}");
        }

        return source;
    }

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
