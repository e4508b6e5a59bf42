using System.Collections.Immutable;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads train_input and eval_input.</summary>
internal static class InputSection
{
    private const string PathDescription = "a path, or a list of paths";

    // The Model Zoo has two ways of reading HDF5, by stream and by index; here they are one.
    private static readonly Choices<DataProcessor> Processors = new(
        ("GptHDF5DataProcessor", DataProcessor.GptHdf5),
        ("GptHDF5MapDataProcessor", DataProcessor.GptHdf5),
        ("TextDataProcessor", DataProcessor.Text));

    /// <summary>Reads the section.</summary>
    /// <param name="section">The section.</param>
    /// <param name="maxPositionEmbeddings">The sequence length that is reckoned with where none is given and the data, not yet open, tell.</param>
    public static InputParameters Read(SectionReader section, int maxPositionEmbeddings)
    {
        DataProcessor? processor = section.Choice("data_processor", Processors, required: true);
        InputParameters parameters = new()
        {
            Section = section.Path,
            DataProcessor = processor ?? DataProcessor.GptHdf5,
            DataDirectories = ReadDirectories(section),
            BatchSize = section.Integer("batch_size", minimum: 1, required: true) ?? 1,
            MaxSequenceLength = section.Integer("max_sequence_length", minimum: 1, required: processor is DataProcessor.Text)
                ?? maxPositionEmbeddings,
            TakesLengthFromData = !section.Has("max_sequence_length"),
            ShuffleSeed = section.Integer("shuffle_seed", minimum: 0),
        };
        parameters = parameters with { Shuffle = section.Boolean("shuffle") ?? parameters.Shuffle };
        if (processor is DataProcessor.Text)
        {
            parameters = parameters with
            {
                ValidationShare = section.Number("validation_share", Interval.ProperFraction) ?? parameters.ValidationShare,
            };
        }

        if (section.Boolean("drop_last") is false)
        {
            section.Warn("drop_last", "is false; samples that do not fill a batch are left out all the same");
        }

        UnimplementedKeys.Refuse(section, UnimplementedKeys.OfInput);
        section.Ignore(
            "num_workers", "prefetch_factor", "persistent_workers", "shuffle_buffer", "repeat", "vocab_size", "use_worker_cache", "sort_files",
            "features_list", "micro_batch_size");
        section.Finish();
        return parameters;
    }

    private static ImmutableArray<string> ReadDirectories(SectionReader section)
    {
        if (section.RequiredValue("data_dir", PathDescription) is not { } value)
        {
            return [];
        }

        ImmutableArray<SectionValue> items = value.Items();
        if (items.IsEmpty)
        {
            return value.AsText(PathDescription) is { } directory ? [directory] : [];
        }

        return [.. items.Select(item => item.AsText("a path")).OfType<string>()];
    }
}
