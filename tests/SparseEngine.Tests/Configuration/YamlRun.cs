using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;

namespace SparseEngine.Tests.Configuration;

/// <summary>Reads YAML written out in a test, under the name params.yaml in place of the temporary file's path.</summary>
internal static class YamlRun
{
    /// <summary>The smallest file that can train. It has 18 lines; sections begin on lines 1, 6, 12 and 16.</summary>
    public const string Minimal =
        """
        train_input:
          data_processor: GptHDF5DataProcessor
          data_dir: ./train/
          max_sequence_length: 32
          batch_size: 4
        model:
          vocab_size: 256
          hidden_size: 32
          num_hidden_layers: 2
          num_heads: 4
          filter_size: 128
        optimizer:
          optimizer_type: AdamW
          learning_rate: 0.001
          eps: 1.0e-8
        runconfig:
          max_steps: 20
          seed: 1

        """;

    /// <summary>Reads a file that is valid.</summary>
    public static RunParameters Read(string yaml, RunConfigOverrides? overrides = null) => ReadResult(yaml, overrides).Parameters;

    /// <summary>The warnings about a file that is valid, one a line.</summary>
    public static string[] Warnings(string yaml, RunConfigOverrides? overrides = null) =>
        [.. ReadResult(yaml, overrides).Warnings.Select(w => w.ToString())];

    /// <summary>The errors of a file that is not valid, one a line.</summary>
    public static string[] Errors(string yaml, RunConfigOverrides? overrides = null) =>
        Assert.Throws<ConfigurationException>(() => ReadResult(yaml, overrides)).Message.Split(Environment.NewLine);

    private static ReadResult ReadResult(string yaml, RunConfigOverrides? overrides)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("sparse-engine-");
        string path = Path.Combine(folder.FullName, "params.yaml");
        try
        {
            File.WriteAllText(path, yaml);
            ReadResult result = RunParametersReader.ReadFile(path, overrides);
            return new ReadResult(RenameGroups(result.Parameters), [.. result.Warnings.Select(Rename)]);
        }
        catch (ConfigurationException e)
        {
            throw new ConfigurationException(e.Problems.Select(Rename));
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        Diagnostic Rename(Diagnostic d) => d with { Location = RenameLocation(d.Location) };

        RunParameters RenameGroups(RunParameters run) => run.Sparsity is not { } sparsity ? run : run with
        {
            Sparsity = sparsity with { Groups = [.. sparsity.Groups.Select(g => g with { Location = RenameLocation(g.Location) })] },
        };

        string RenameLocation(string location) => location.Replace(path, "params.yaml", StringComparison.Ordinal);
    }
}
