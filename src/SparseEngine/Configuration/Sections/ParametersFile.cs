using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>Opens a run's YAML file: a map of sections, or of the trainer that has them.</summary>
internal static class ParametersFile
{
    private const string Layout = "train_input, eval_input, model, sparsity, optimizer, runconfig, or trainer";

    // A run's file has a few thousand bytes; one of a million would only take long to be refused.
    private const int LargestFile = 1 << 20;

    /// <summary>Reads the map that has the model and its sparsity: in the trainer layout that of init, else the file's.</summary>
    /// <exception cref="ConfigurationException">The file cannot be read, is no YAML, or is no map of sections.</exception>
    public static SectionReader Open(string path, DiagnosticCollector diagnostics) =>
        SectionsOf(Parse(ReadText(path), path, diagnostics), diagnostics);

    /// <summary>The map that has the model and its sparsity.</summary>
    /// <exception cref="ConfigurationException">The file is in the trainer layout and has none.</exception>
    public static SectionReader SectionsOf(SectionReader file, DiagnosticCollector diagnostics)
    {
        if (!file.Mentions(TrainerLayout.Key))
        {
            return file;
        }

        SectionReader? init = TrainerLayout.FindInit(file);
        diagnostics.ThrowIfAnyError();
        return init ?? throw new ConfigurationException(
            [new Diagnostic(file.LocationOf(TrainerLayout.Key), "trainer.init is missing; valid: a map of settings")]);
    }

    /// <summary>Reads the map that a file's text is.</summary>
    /// <exception cref="ConfigurationException">The text is no YAML, or no map of sections.</exception>
    public static SectionReader Parse(string text, string path, DiagnosticCollector diagnostics)
    {
        YamlNode? root = YamlLoader.Load(new StringReader(text), diagnostics);
        diagnostics.ThrowIfAnyError();
        if (root is not YamlMapping mapping)
        {
            string content = root is null or YamlScalar { IsNull: true } ? "is empty" : $"holds {root.Display}";
            throw new ConfigurationException([new Diagnostic(path, $"the file {content}; valid: a map with the sections {Layout}")]);
        }

        return new SectionReader("", default, mapping, diagnostics);
    }

    /// <summary>Reads a file's text.</summary>
    /// <exception cref="ConfigurationException">The file cannot be read, or is far longer than a run's.</exception>
    public static string ReadText(string path)
    {
        if (Directory.Exists(path))
        {
            throw Unreadable("this is a folder; give a YAML file");
        }

        try
        {
            // Not by the stated length: a pipe has none.
            using StreamReader file = new(path);
            char[] text = new char[LargestFile + 1];
            int length = file.ReadBlock(text);
            return length <= LargestFile
                ? new string(text, 0, length)
                : throw Unreadable($"the file has more than {LargestFile} characters; a run's has a few thousand");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Unreadable("there is no such file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Unreadable($"the file cannot be read: {e.Message}");
        }

        ConfigurationException Unreadable(string reason) => new([new Diagnostic(path, reason)]);
    }
}
