namespace SparseEngine.Configuration.Yaml;

/// <summary>Names a value by the keys that lead to it: <c>optimizer.learning_rate[1].steps</c>.</summary>
internal static class KeyPath
{
    /// <summary>Adds a key to a path; a key that is no plain name, such as a regex, goes in brackets and quotes.</summary>
    public static string Join(string path, string key)
    {
        bool isName = key.Length > 0 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
        return isName ? (path.Length == 0 ? key : $"{path}.{key}") : $"{path}[\"{key}\"]";
    }
}
