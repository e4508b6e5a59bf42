using SparseEngine.Configuration;

namespace SparseEngine.Checkpoints;

/// <summary>The weights in a folder as Hugging Face's <c>save_pretrained</c> lays it out.</summary>
internal static class SafetensorsFolder
{
    /// <summary>The weights in one file.</summary>
    public const string WeightsName = "model.safetensors";

    /// <summary>The list of the shards that the weights are spread over.</summary>
    public const string IndexName = WeightsName + ".index.json";

    /// <summary>The weights in one file of torch.save.</summary>
    public const string TorchWeightsName = "pytorch_model.bin";

    // As transformers does: safetensors first.
    private static readonly string[] Names = [WeightsName, IndexName, TorchWeightsName, $"{TorchWeightsName}.index.json"];

    /// <summary>The file to open: the weights where they are one file, else the index of their shards.</summary>
    /// <exception cref="CheckpointException">There is none of these.</exception>
    public static string FindWeights(string folder) => Names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
        ?? throw new CheckpointException(
            $"{folder}: is a folder without weights{WhatItHolds(folder)}; "
            + $"valid: one that holds {WeightsName}, {TorchWeightsName} or the index of their shards, or the path of a checkpoint file");

    /// <summary>The file that weights are written to.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="asTorch">Whether they are written as torch.save does.</param>
    /// <exception cref="ConfigurationException">The folder holds others that would be read in their place.</exception>
    public static string WeightsToWrite(string folder, bool asTorch)
    {
        if (!asTorch)
        {
            return Path.Combine(folder, WeightsName);
        }

        return Names[..2].Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists) is { } first
            ? throw new ConfigurationException($"{first}: would be read in place of {TorchWeightsName} beside it; valid: a folder without it")
            : Path.Combine(folder, TorchWeightsName);
    }

    private static string WhatItHolds(string folder) =>
        CheckpointDirectory.All(folder) is [.., string newest] ? $" but the checkpoints of a run, the newest {newest}" : "";
}
