namespace SparseEngine.Data;

/// <summary>Finds what a data_dir names: from the working directory, else from the YAML's folder.</summary>
/// <param name="key">The key, for errors: <c>train_input.data_dir</c>.</param>
/// <param name="yamlFile">The YAML file.</param>
internal sealed class DataPaths(string key, string yamlFile)
{
    /// <summary>The existing files or folders, as full paths, in the order given.</summary>
    /// <exception cref="DataException">One of them does not exist.</exception>
    public IReadOnlyList<string> Resolve(IReadOnlyList<string> paths) => [.. paths.Select(Resolve)];

    private string Resolve(string path)
    {
        string fromHere = Path.GetFullPath(path);
        if (Path.Exists(fromHere))
        {
            return fromHere;
        }

        string fromYaml = Path.GetFullPath(path, Path.GetDirectoryName(Path.GetFullPath(yamlFile))!);
        if (Path.Exists(fromYaml))
        {
            return fromYaml;
        }

        string tried = fromHere == fromYaml ? fromHere : $"{fromHere} and {fromYaml}";
        throw new DataException($"{yamlFile}: {key} \"{path}\" does not exist (looked at {tried})");
    }
}
