using System.Globalization;
using SparseEngine.Files;

namespace SparseEngine.Checkpoints;

/// <summary>The checkpoints of a model directory: <c>checkpoint_{step}.mdl</c>.</summary>
internal static class CheckpointDirectory
{
    private const string Prefix = "checkpoint_";
    private const string Extension = ".mdl";

    /// <summary>The path of a step's checkpoint.</summary>
    public static string PathFor(string modelDirectory, int step) => Path.Combine(modelDirectory, $"{Prefix}{step}{Extension}");

    /// <summary>
    /// The path of the checkpoint of the lowest validation loss: none of <see cref="All"/>, so that it is neither gone on from nor pruned.
    /// </summary>
    public static string BestPath(string modelDirectory) => Path.Combine(modelDirectory, $"{Prefix}best{Extension}");

    /// <summary>The path of one that is written for its time alone: none of <see cref="All"/> either.</summary>
    public static string TrialPath(string modelDirectory) => Path.Combine(modelDirectory, $"{Prefix}trial{Extension}");

    /// <summary>All checkpoints by ascending step, each real file once.</summary>
    public static IReadOnlyList<string> All(string modelDirectory) =>
        Directory.Exists(modelDirectory)
            ? [.. FolderWalk.Once([.. FolderWalk.Files(modelDirectory, SearchOption.TopDirectoryOnly).Where(file => StepOf(file.Path) is not null)])
                .Select(file => file.Path).OrderBy(path => StepOf(path))]
            : [];

    /// <summary>The largest step that there is a checkpoint of, whole or not; null where there is none.</summary>
    public static int? LastStep(string modelDirectory) => All(modelDirectory).Select(StepOf).LastOrDefault();

    /// <summary>The checkpoint of the largest step that is whole; null where there is none.</summary>
    /// <param name="modelDirectory">The model directory.</param>
    /// <param name="warn">Told in one line of each later checkpoint that is damaged and passed over.</param>
    public static string? FindNewest(string modelDirectory, Action<string>? warn = null)
    {
        IReadOnlyList<string> all = All(modelDirectory);
        for (int index = all.Count - 1; index >= 0; index--)
        {
            try
            {
                Verify(all[index]);
                return all[index];
            }
            catch (CheckpointException exception)
            {
                warn?.Invoke($"{exception.Message}; {(index > 0 ? "the one before it is used" : "there is none before it")}");
            }
        }

        return null;
    }

    /// <summary>Deletes checkpoints of earlier steps, but for the newest of them.</summary>
    /// <param name="modelDirectory">The model directory.</param>
    /// <param name="newest">The step of the checkpoint just written. Those of later steps are another run's, and stay.</param>
    /// <param name="keep">How many stay, with that one.</param>
    /// <exception cref="CheckpointException">One of them cannot be deleted.</exception>
    public static void Prune(string modelDirectory, int newest, int keep)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        foreach (string path in All(modelDirectory).Where(path => StepOf(path) <= newest).SkipLast(keep))
        {
            Delete(path);
        }
    }

    /// <summary>Removes what runs that were killed while they wrote a checkpoint left of it.</summary>
    /// <exception cref="CheckpointException">It cannot be removed.</exception>
    internal static void RemoveLeftovers(string modelDirectory)
    {
        AtomicFile.RemoveLeftovers(modelDirectory, $"{Prefix}*{Extension}");
        RemoveTrial(modelDirectory);
    }

    /// <summary>Removes what <see cref="TrialPath"/> names, if it is there.</summary>
    /// <exception cref="CheckpointException">It cannot be removed.</exception>
    internal static void RemoveTrial(string modelDirectory) => Delete(TrialPath(modelDirectory));

    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be deleted: {exception.Message}", exception);
        }
    }

    private static void Verify(string path)
    {
        using CheckpointReader reader = CheckpointReader.Open(path);
        float[] values = [];
        foreach (string name in reader.Names)
        {
            int elements = reader.Elements(name);
            values = values.Length < elements ? new float[elements] : values;
            reader.Read(name, values.AsSpan(0, elements));
        }
    }

    private static int? StepOf(string path)
    {
        string name = Path.GetFileName(path);
        return name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Extension, StringComparison.Ordinal)
            && int.TryParse(name.AsSpan()[Prefix.Length..^Extension.Length], NumberStyles.None, CultureInfo.InvariantCulture, out int step)
            ? step
            : null;
    }
}
