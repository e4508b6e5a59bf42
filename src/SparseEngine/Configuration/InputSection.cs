using System.Collections.Immutable;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration;

/// <summary>Reads train_input and eval_input.</summary>
internal static class InputSection
{
    private static readonly (string, DataProcessor)[] Processors =
    [
        ("GptHDF5DataProcessor", DataProcessor.GptHdf5),
        ("TextDataProcessor", DataProcessor.Text),
        ("GptHDF5MapDataProcessor", DataProcessor.GptHdf5),
    ];

    /// <summary>Reads the section; <paramref name="model"/> gives the length of sequences where the section does not.</summary>
    public static InputParameters Read(SectionReader section, ModelParameters model)
    {
        section.Ignore(
            "num_workers", "drop_last", "prefetch_factor", "persistent_workers", "repeat", "vocab_size", "shuffle_buffer", "use_worker_cache", "num_samples",
            "short_seq_prob", "add_special_tokens", "eos_token", "pad_token", "vocab_file", "encoder_file", "mixed_precision");
        InputParameters input = new()
        {
            DataProcessor = section.RequiredChoice("data_processor", Processors),
            DataDirectories = Directories(section),
            BatchSize = section.RequiredInt("batch_size", 1, "micro_batch_size"),
            MaxSequenceLength = section.Int("max_sequence_length", 1) ?? model.MaxPositionEmbeddings,
            Shuffle = section.Boolean("shuffle") ?? false,
            ShuffleSeed = section.Int("shuffle_seed", int.MinValue),
            ValidationShare = section.Number("validation_share", share => share is > 0 and < 1, "a number between 0 and 1") ?? 0.05,
        };
        if (section.Diagnostics.Errors.IsEmpty && model.UsePositionEmbedding && input.MaxSequenceLength > model.MaxPositionEmbeddings && section.Node("max_sequence_length") is { } length)
        {
            section.Invalid(length, "max_sequence_length", $"at most model.max_position_embeddings, {model.MaxPositionEmbeddings}");
        }

        section.Finish();
        return input;
    }

    private static ImmutableArray<string> Directories(SectionReader section)
    {
        const string Valid = "a folder or file, or a list of them";
        switch (section.Node("data_dir"))
        {
            case null:
                section.Missing("data_dir", Valid);
                return [];
            case YamlScalar scalar:
                return [scalar.Value];
            case YamlSequence { Items: [_, ..] items } when items.All(item => item is YamlScalar { IsNull: false }):
                return [.. items.Cast<YamlScalar>().Select(item => item.Value)];
            case { } other:
                section.Invalid(other, "data_dir", Valid);
                return [];
        }
    }
}
