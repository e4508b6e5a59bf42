using SparseEngine.Configuration;

namespace SparseEngine.Data;

/// <summary>The two parts of a data set.</summary>
internal enum DataSplit
{
    /// <summary>What is trained on: train_input.</summary>
    Training,

    /// <summary>What is evaluated on: eval_input.</summary>
    Validation,
}

/// <summary>What the YAML calls them.</summary>
internal static class DataSections
{
    /// <summary>The section that describes a part.</summary>
    public static string Section(this DataSplit split) => split == DataSplit.Training ? "train_input" : "eval_input";
}

/// <summary>Opens the samples that an input section describes.</summary>
internal static class SampleSource
{
    /// <summary>The data_dir that stands for the .NET SDK's own reference documentation.</summary>
    public const string DotNetDocumentation = "dotnet-docs";

    /// <summary>Opens an input section's samples.</summary>
    /// <param name="input">The section.</param>
    /// <param name="split">Which part: a text file's share, and the section's name in errors.</param>
    /// <param name="vocabularySize">The model's vocabulary; tokens must be below it.</param>
    /// <param name="yamlFile">The YAML file: relative paths that do not exist from the working directory are looked for from its folder.</param>
    /// <param name="texts">Texts read before: training and validation share the one that both are shares of; none if not given.</param>
    /// <exception cref="DataException">The data cannot be found or used.</exception>
    public static ISampleSource Open(InputParameters input, DataSplit split, int vocabularySize, string yamlFile, TextLibrary? texts = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        DataPaths paths = new($"{input.Section ?? split.Section()}.data_dir", yamlFile);
        return input.DataProcessor switch
        {
            DataProcessor.GptHdf5 => GptHdf5Source.Open(
                paths.Resolve(input.DataDirectories), input.TakesLengthFromData ? null : input.MaxSequenceLength, vocabularySize),
            DataProcessor.Text => OpenText(input, split, vocabularySize, paths, texts ?? new TextLibrary()),
            _ => throw new ArgumentOutOfRangeException(nameof(input), input.DataProcessor, "not a data processor"),
        };
    }

    private static TextSource OpenText(InputParameters input, DataSplit split, int vocabularySize, DataPaths paths, TextLibrary texts)
    {
        byte[] text = input.DataDirectories is [DotNetDocumentation]
            ? texts.DotNetDocumentation()
            : texts.Files(paths.Resolve(input.DataDirectories));
        int held = (int)(text.Length * input.ValidationShare);
        ReadOnlyMemory<byte> part = split == DataSplit.Training ? text.AsMemory(0, text.Length - held) : text.AsMemory(text.Length - held);
        return new TextSource(string.Join(", ", input.DataDirectories), part, split, input.MaxSequenceLength, vocabularySize);
    }
}
