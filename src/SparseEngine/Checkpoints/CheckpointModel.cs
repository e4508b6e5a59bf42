using SparseEngine.Configuration;
using SparseEngine.Models;

namespace SparseEngine.Checkpoints;

/// <summary>The model that a checkpoint says it holds.</summary>
internal static class CheckpointModel
{
    /// <summary>What the checkpoint says; null where it says nothing that is understood, as the files of other programs.</summary>
    public static ModelParameters? Of(CheckpointReader reader) =>
        reader.Metadata.TryGetValue(ModelDescription.MetadataKey, out string? json) ? ModelDescription.Read(json) : null;

    /// <summary>Checks that a checkpoint is not used as another model than it was saved from, which its shapes alone would allow.</summary>
    /// <param name="reader">The checkpoint.</param>
    /// <param name="model">The model that it is to be.</param>
    /// <param name="remedy">What else can be done, for the error.</param>
    /// <param name="warn">Told of the differences where they are wanted; null makes them an error.</param>
    /// <exception cref="ConfigurationException">They differ, and nobody is told.</exception>
    public static void Check(CheckpointReader reader, ModelParameters model, string remedy, Action<string>? warn = null)
    {
        if (Of(reader) is not { } saved)
        {
            return;
        }

        string differences = string.Join("; ", ModelKeys.Differences(saved, model)
            .Select(difference => $"{difference.Key} was {difference.Value} and is {difference.Other}"));
        if (differences.Length == 0)
        {
            return;
        }

        string line = OneLine.Of($"{reader.Path}: was saved from another model than the model section describes: {differences}");
        if (warn is null)
        {
            throw new ConfigurationException($"{line}; {remedy}");
        }

        warn($"{line}; its weights are used as the section says");
    }
}
