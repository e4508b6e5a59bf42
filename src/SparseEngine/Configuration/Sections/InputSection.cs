using System.Collections.Immutable;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads train_input and eval_input.</summary>
internal static class InputSection
{
    private const string PathDescription = "a path, or a list of paths";

    private static readonly Choices<Processor> Processors = new(
        ("GptHDF5DataProcessor", Processor.Hdf5),
        ("GptHDF5MapDataProcessor", Processor.Hdf5Map),
        ("TextDataProcessor", Processor.Text));

    /// <summary>The two ways of reading HDF5 differ only in what Model Zoo 2.x lets a file leave out.</summary>
    private enum Processor
    {
        Hdf5,
        Hdf5Map,
        Text,
    }

    /// <summary>Reads the section.</summary>
    /// <param name="section">The section.</param>
    /// <param name="maxPositionEmbeddings">The sequence length where the 2.x processor is given none.</param>
    public static InputParameters Read(SectionReader section, int maxPositionEmbeddings)
    {
        var processor = section.Choice("data_processor", Processors, required: true);
        var parameters = new InputParameters
        {
            DataProcessor = processor is Processor.Text ? DataProcessor.Text : DataProcessor.GptHdf5,
            DataDirectories = ReadDirectories(section),
            BatchSize = section.Integer("batch_size", minimum: 1, required: true) ?? 1,
            MaxSequenceLength = section.Integer("max_sequence_length", minimum: 1, required: processor is not Processor.Hdf5Map) ?? maxPositionEmbeddings,
            ShuffleSeed = section.Integer("shuffle_seed", minimum: 0),
        };
        parameters = parameters with { Shuffle = section.Boolean("shuffle") ?? parameters.Shuffle };
        if (processor is Processor.Text)
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

        section.Ignore("num_workers", "prefetch_factor", "persistent_workers", "shuffle_buffer", "repeat", "vocab_size");
        section.Finish();
        return parameters;
    }

    private static ImmutableArray<string> ReadDirectories(SectionReader section)
    {
        if (section.RequiredValue("data_dir", PathDescription) is not { } value)
        {
            return [];
        }

        var items = value.Items();
        if (items.IsEmpty)
        {
            return value.AsText(PathDescription) is { } directory ? [directory] : [];
        }

        return [.. items.Select(item => item.AsText("a path")).OfType<string>()];
    }
}
