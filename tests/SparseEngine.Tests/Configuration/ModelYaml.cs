using SparseEngine.Configuration;

namespace SparseEngine.Tests.Configuration;

/// <summary>Reads keys of a model section, one beside the other: <c>norm_type: rmsnorm | rotary_dim: 8</c>.</summary>
internal static class ModelYaml
{
    /// <summary>The model of a file in the layout of 1.8 with the smallest model and these keys.</summary>
    public static ModelParameters Sections(string keys) => YamlRun.Read(InSections(keys)).Model;

    /// <summary>The model of a file in the trainer layout with a family's name and these keys.</summary>
    public static ModelParameters Trainer(string name, string keys) => YamlRun.Read(InTrainer(name, keys)).Model;

    /// <summary>The errors about the model of a file in the layout of 1.8, without the file's name. Keys stand on line 11, from column 3.</summary>
    public static string[] Errors(string keys) => Shorten(YamlRun.Errors(InSections(keys)));

    /// <summary>The warnings about it.</summary>
    public static string[] Warnings(string keys) => Shorten(YamlRun.Warnings(InSections(keys)));

    /// <summary>The errors about the model of a file in the trainer layout. The name stands on line 4, keys from line 9, column 7.</summary>
    public static string[] TrainerErrors(string name, string keys) => Shorten(YamlRun.Errors(InTrainer(name, keys)));

    /// <summary>The warnings about it.</summary>
    public static string[] TrainerWarnings(string name, string keys) => Shorten(YamlRun.Warnings(InTrainer(name, keys)));

    /// <summary>The file in the layout of 1.8.</summary>
    public static string InSections(string keys) =>
        YamlRun.Minimal.Replace("num_heads: 4", $"num_heads: 4\n  {Lines(keys, "\n  ")}", StringComparison.Ordinal);

    private static string InTrainer(string name, string keys) =>
        TrainerYaml.With("num_heads: 4", $"num_heads: 4\n      {Lines(keys, "\n      ")}")
            .Replace("name: gpt3", $"name: {name}", StringComparison.Ordinal);

    private static string Lines(string keys, string separator) => string.Join(separator, keys.Split('|', StringSplitOptions.TrimEntries));

    private static string[] Shorten(string[] lines) => [.. lines.Select(line => line.Replace("params.yaml:", "", StringComparison.Ordinal))];
}
