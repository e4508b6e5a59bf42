using Microsoft.Extensions.Logging;
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
                $"{string.Join(", ", input.DataDirectories)}: the samples have {length} tokens; valid: at most model.max_position_embeddings, "
                + $"{model.MaxPositionEmbeddings}");
        }

        return source;
    }

    /// <summary>Their batches.</summary>
    public static BatchLoader Loader(RunParameters parameters, ISampleSource source, DataSplit split)
    {
        InputParameters input = InputOf(parameters, split);
        return new BatchLoader(source, split, input.BatchSize, input.Shuffle, ShuffleSeed(parameters, split));
    }

    /// <summary>The batches of an evaluation; samples that are in none of them are told of.</summary>
    public static BatchLoader ValidationLoader(RunContext context, ISampleSource source)
    {
        BatchLoader loader = Loader(context.Parameters, source, DataSplit.Validation);
        bool isWhole = context.Parameters.RunConfig.EvalSteps is not { } steps || steps >= loader.BatchesPerEpoch;
        if (isWhole && loader.SamplesLeftOut > 0)
        {
            context.Logger.LogInformation(
                "{Section}: {LeftOut} of {Samples} left out of each evaluation: a batch has {BatchSize}",
                DataSplit.Validation.Section(), loader.SamplesLeftOut, Counted.Of(source.Count, "sample"), loader.BatchSize);
        }

        return loader;
    }

    /// <summary>The seed of the samples' order: the input's own, else the run's.</summary>
    public static int ShuffleSeed(RunParameters parameters, DataSplit split) =>
        InputOf(parameters, split).ShuffleSeed ?? parameters.RunConfig.Seed;

    private static InputParameters InputOf(RunParameters parameters, DataSplit split) =>
        (split == DataSplit.Training ? parameters.TrainInput : parameters.EvalInput)
        ?? throw new InvalidOperationException($"the run has no input for {split}");
}
