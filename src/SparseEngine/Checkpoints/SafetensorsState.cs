using System.Collections.Immutable;
using System.Globalization;

namespace SparseEngine.Checkpoints;

/// <summary>A run's state as texts of a .safetensors file, which has no other place for it.</summary>
internal static class SafetensorsState
{
    /// <summary>The texts of a state together with the caller's own, in one order, so that the same checkpoint is the same file.</summary>
    public static ImmutableSortedDictionary<string, string> Join(TrainingState? state, IReadOnlyDictionary<string, string> metadata)
    {
        ImmutableSortedDictionary<string, string> texts = metadata.ToImmutableSortedDictionary(StringComparer.Ordinal);
        return state is null ? texts : texts.SetItems(
        [
            new(CheckpointLayout.Step, Text(state.Step)),
            .. Known(CheckpointLayout.SamplesConsumed, state.SamplesConsumed),
            .. Known(CheckpointLayout.Seed, state.Seed),
            .. Known(CheckpointLayout.ShuffleSeed, state.ShuffleSeed),
        ]);
    }

    /// <summary>Takes the state out of a file's texts; null, and all texts, where it is not there whole.</summary>
    public static (TrainingState? State, ImmutableDictionary<string, string> Metadata) Split(ImmutableDictionary<string, string> texts) =>
        Number(texts, CheckpointLayout.Step, out int? step) && step is { } done
            && Number(texts, CheckpointLayout.SamplesConsumed, out long? samples)
            && Number(texts, CheckpointLayout.Seed, out int? seed) && Number(texts, CheckpointLayout.ShuffleSeed, out int? shuffleSeed)
            ? (new TrainingState(done, samples, seed, shuffleSeed),
                texts.RemoveRange([CheckpointLayout.Step, CheckpointLayout.SamplesConsumed, CheckpointLayout.Seed, CheckpointLayout.ShuffleSeed]))
            : (null, texts);

    private static IEnumerable<KeyValuePair<string, string>> Known(string key, long? number) =>
        number is { } known ? [new KeyValuePair<string, string>(key, Text(known))] : [];

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Whether a text is a number, or is not there.</summary>
    private static bool Number<T>(ImmutableDictionary<string, string> texts, string key, out T? number)
        where T : struct, IParsable<T>
    {
        number = T.TryParse(texts.GetValueOrDefault(key), CultureInfo.InvariantCulture, out T value) ? value : null;
        return number is not null || !texts.ContainsKey(key);
    }
}
