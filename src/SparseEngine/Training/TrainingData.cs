using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Distributed;

namespace SparseEngine.Training;

/// <summary>Opens a run's samples with its seeds.</summary>
internal static class TrainingData
{
    /// <summary>The samples of an input section.</summary>
    /// <param name="parameters">The run.</param>
    /// <param name="input">The section.</param>
    /// <param name="split">Which part of the data it describes.</param>
    /// <param name="texts">Texts that the run has read.</param>
    /// <exception cref="DataException">The data cannot be used, or have longer samples than the model has positions.</exception>
    public static ISampleSource Open(RunParameters parameters, InputParameters input, DataSplit split, TextLibrary texts)
    {
        ModelParameters model = parameters.Model;
        ISampleSource source = SampleSource.Open(input, split, model.VocabularySize, parameters.File, texts);
        if (model.HasPositionTable && source.SequenceLength > model.MaxPositionEmbeddings)
        {
            int length = source.SequenceLength;
            source.Dispose();
            throw new DataException(
                $"{string.Join(", ", input.DataDirectories)}: the samples have {length} tokens; valid: at most "
                + $"{parameters.Keys["model.max_position_embeddings"]}, {model.MaxPositionEmbeddings}");
        }

        return source;
    }

    /// <summary>Their batches, or the share that each of several ranks takes of every one.</summary>
    public static BatchLoader Loader(
        RunParameters parameters, InputParameters input, ISampleSource source, DataSplit split, Communicator? sharing = null) =>
        new(
            source, split, input.BatchSize, input.Shuffle, ShuffleSeed(parameters, input), input.Section,
            sharing is null ? null : new BatchShare(sharing.Rank, sharing.Size));

    /// <summary>The seed of the samples' order: the input's own, else the run's.</summary>
    public static int ShuffleSeed(RunParameters parameters, InputParameters input) => input.ShuffleSeed ?? parameters.RunConfig.Seed;
}
