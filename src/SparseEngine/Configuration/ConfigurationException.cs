using System.Collections.Immutable;

namespace SparseEngine.Configuration;

/// <summary>One thing wrong, or doubtful, in a YAML file.</summary>
/// <param name="Location">Where: "params.yaml:12:5", or the file alone.</param>
/// <param name="Text">What is wrong and what would be valid, naming the key: <c>sparsity.init_method is "topkk"; valid: random, topk</c>.</param>
public sealed record Diagnostic(string Location, string Text)
{
    /// <summary>The whole line.</summary>
    public override string ToString() => $"{Location}: {Text}";
}

/// <summary>A run cannot start with what it was given. The program ends with exit code 2.</summary>
public sealed class ConfigurationException : Exception
{
    /// <summary>Reports all problems found, in the file's order.</summary>
    public ConfigurationException(IEnumerable<Diagnostic> problems)
        : this([.. problems])
    {
    }

    /// <summary>Reports one problem that belongs to no place in a file.</summary>
    public ConfigurationException(string message)
        : base(message)
    {
    }

    private ConfigurationException(ImmutableArray<Diagnostic> problems)
        : base(string.Join(Environment.NewLine, problems)) => Problems = problems;

    /// <summary>The problems, where they belong to a file.</summary>
    public ImmutableArray<Diagnostic> Problems { get; } = [];
}
