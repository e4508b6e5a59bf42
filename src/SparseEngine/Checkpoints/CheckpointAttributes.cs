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
            foreach ((string key, long? number) in Numbers(state))
            {
                if (number is { } known)
                {
                    file.Attributes[key] = known;
                }
            }
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
        TrainingState? state = Number(file, CheckpointLayout.Step) is { } step
            ? new TrainingState(
                checked((int)step),
                Number(file, CheckpointLayout.SamplesConsumed),
                checked((int?)Number(file, CheckpointLayout.Seed)),
                checked((int?)Number(file, CheckpointLayout.ShuffleSeed)))
            : null;
        ImmutableDictionary<string, string> metadata = file.Attributes()
            .Where(attribute => attribute.Name.StartsWith(CheckpointLayout.Metadata, StringComparison.Ordinal))
            .ToImmutableDictionary(
                attribute => attribute.Name[CheckpointLayout.Metadata.Length..], attribute => attribute.Read<string>(), StringComparer.Ordinal);
        return new CheckpointAttributes(state, metadata);
    }

    private static (string Key, long? Number)[] Numbers(TrainingState state) =>
    [
        (CheckpointLayout.SamplesConsumed, state.SamplesConsumed),
        (CheckpointLayout.Seed, state.Seed),
        (CheckpointLayout.ShuffleSeed, state.ShuffleSeed),
    ];

    private static long? Number(NativeFile file, string key) => file.AttributeExists(key) ? file.Attribute(key).Read<long>() : null;

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
