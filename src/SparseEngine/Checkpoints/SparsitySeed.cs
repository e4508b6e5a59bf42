using System.Globalization;

namespace SparseEngine.Checkpoints;

/// <summary>The seed that was drawn for sparsity groups without one: masks that move go on drawing from it.</summary>
internal static class SparsitySeed
{
    /// <summary>Its key among a checkpoint's texts.</summary>
    public const string Key = "sparsity.seed";

    /// <summary>The seed that a checkpoint names; null where it names none.</summary>
    public static long? Read(CheckpointReader checkpoint) =>
        checkpoint.Metadata.TryGetValue(Key, out string? text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seed)
            ? seed
            : null;

    /// <summary>Texts with a seed among them, where one was drawn.</summary>
    public static IReadOnlyDictionary<string, string> With(IReadOnlyDictionary<string, string> texts, long? drawn) => drawn is not { } seed
        ? texts
        : new Dictionary<string, string>(texts) { [Key] = seed.ToString(CultureInfo.InvariantCulture) };
}
