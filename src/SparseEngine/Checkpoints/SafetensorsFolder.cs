namespace SparseEngine.Checkpoints;

/// <summary>The weights in a folder as Hugging Face's <c>save_pretrained</c> lays it out.</summary>
internal static class SafetensorsFolder
{
    /// <summary>The weights in one file.</summary>
    public const string WeightsName = "model.safetensors";

    /// <summary>The list of the shards that the weights are spread over.</summary>
    public const string IndexName = WeightsName + ".index.json";

    /// <summary>The file to open: the weights where they are one file, else the index of their shards.</summary>
    /// <exception cref="CheckpointException">There is neither.</exception>
    public static string FindWeights(string folder)
    {
        string[] candidates = [Path.Combine(folder, WeightsName), Path.Combine(folder, IndexName)];
        return candidates.FirstOrDefault(File.Exists)
            ?? throw new CheckpointException(
                $"{folder}: is a folder without weights{WhatItHolds(folder)}; "
                + $"valid: one that holds {WeightsName} or {IndexName}, or the path of a checkpoint file");
    }

    private static string WhatItHolds(string folder)
    {
        string pickled = Path.Combine(folder, "pytorch_model.bin");
        return File.Exists(pickled) || File.Exists($"{pickled}.index.json")
            ? $" but {Path.GetFileName(pickled)}, which save_pretrained writes anew as {WeightsName}"
            : CheckpointDirectory.All(folder) is [.., string newest] ? $" but the checkpoints of a run, the newest {newest}"
            : "";
    }
}
