using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Sweeps;

/// <summary>Where a run's file has what a sweep gives it, in the layout that the file has.</summary>
internal static class RunPaths
{
    private const string TrainerKey = "trainer";

    /// <summary>The seed of the run.</summary>
    public static YamlPath Seed(YamlMapping root) => Path(Trainer(root) is { } trainer ? $"{trainer}.init.seed" : "runconfig.seed");

    /// <summary>A key that says how long the run trains or evaluates: <c>max_steps</c>, <c>time_budget</c> and so on.</summary>
    public static YamlPath Length(YamlMapping root, string key) =>
        Path($"{(Trainer(root) is { } trainer ? $"{trainer}.init.loop" : "runconfig")}.{key}");

    /// <summary>The keys that say what the run starts from.</summary>
    public static IEnumerable<YamlPath> Start(YamlMapping root) => (Trainer(root) is { } trainer
        ? (string[])[$"{trainer}.fit.ckpt_path", $"{trainer}.init.checkpoint.autoload_last_checkpoint"]
        : ["runconfig.checkpoint_path", "runconfig.is_pretrained_checkpoint", "runconfig.autoload_last_checkpoint"]).Select(Path);

    /// <summary>The trainer's path; null in the layout of sections.</summary>
    private static string? Trainer(YamlMapping root) => root.Entries.FirstOrDefault(entry => entry.Key == TrainerKey)?.Value switch
    {
        null => null,
        YamlSequence => $"{TrainerKey}[0].{TrainerKey}",
        _ => TrainerKey,
    };

    private static YamlPath Path(string text) => YamlPath.TryParse(text)!;
}
