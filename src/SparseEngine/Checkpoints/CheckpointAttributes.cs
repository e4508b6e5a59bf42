using System.Collections.Immutable;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using PureHDF;
using PureHDF.VOL.Native;

namespace SparseEngine.Checkpoints;

/// <summary>A run's state and texts as the attributes of an .mdl file's root.</summary>
/// <param name="State">Where the run stood; null in a file that does not say.</param>
/// <param name="Metadata">The texts beside the tensors.</param>
internal sealed record CheckpointAttributes(TrainingState? State, ImmutableDictionary<string, string> Metadata)
{
    /// <summary>Adds them to a file that is about to be written.</summary>
    public static void Add(H5File file, TrainingState? state, IReadOnlyDictionary<string, string> metadata)
    {
        file.Attributes[CheckpointLayout.Version] = CheckpointLayout.CurrentVersion;
        if (state is not null)
        {
            file.Attributes[CheckpointLayout.Step] = (long)state.Step;
            file.Attributes[CheckpointLayout.SamplesConsumed] = state.SamplesConsumed;
            file.Attributes[CheckpointLayout.Seed] = (long)state.Seed;
            file.Attributes[CheckpointLayout.ShuffleSeed] = (long)state.ShuffleSeed;
        }

        // In one order, so that the same checkpoint is the same file.
        foreach ((string key, string text) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            file.Attributes[CheckpointLayout.Metadata + key] = text;
        }
    }

    /// <summary>Reads them; any exception of the HDF5 reader means damage.</summary>
    public static CheckpointAttributes Read(NativeFile file)
    {
        // The Model Zoo's files have a version and a step as well, but say nothing of samples.
        TrainingState? state = file.AttributeExists(CheckpointLayout.SamplesConsumed)
            ? new TrainingState(
                checked((int)file.Attribute(CheckpointLayout.Step).Read<long>()),
                file.Attribute(CheckpointLayout.SamplesConsumed).Read<long>(),
                checked((int)file.Attribute(CheckpointLayout.Seed).Read<long>()),
                checked((int)file.Attribute(CheckpointLayout.ShuffleSeed).Read<long>()))
            : null;
        ImmutableDictionary<string, string> metadata = file.Attributes()
            .Where(attribute => attribute.Name.StartsWith(CheckpointLayout.Metadata, StringComparison.Ordinal))
            .ToImmutableDictionary(
                attribute => attribute.Name[CheckpointLayout.Metadata.Length..], attribute => attribute.Read<string>(), StringComparer.Ordinal);
        return new CheckpointAttributes(state, metadata);
    }

    /// <summary>The CRC-32 of all that they say, whatever the order.</summary>
    public static uint Checksum(TrainingState? state, IReadOnlyDictionary<string, string> metadata)
    {
        StringBuilder said = new();
        said.Append(CultureInfo.InvariantCulture, $"{state?.Step} {state?.SamplesConsumed} {state?.Seed} {state?.ShuffleSeed}\0");
        foreach ((string key, string text) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            said.Append(CultureInfo.InvariantCulture, $"{key}\0{text}\0");
        }

        return Crc32.HashToUInt32(Encoding.UTF8.GetBytes(said.ToString()));
    }
}
