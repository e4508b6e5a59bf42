namespace SparseEngine.Report.Runs;

/// <summary>What the weight of a linear layer is in its layer.</summary>
internal static class WeightKind
{
    /// <summary>The kind of a weight, by its name: <c>query</c>, <c>ffn in</c>, and so on.</summary>
    public static string Of(string name) => name switch
    {
        _ when name.Contains(".proj_q", StringComparison.Ordinal) => "query",
        _ when name.Contains(".proj_k", StringComparison.Ordinal) => "key",
        _ when name.Contains(".proj_v", StringComparison.Ordinal) => "value",
        _ when name.Contains(".proj_output", StringComparison.Ordinal) => "output",
        _ when name.Contains(".ffn.0.", StringComparison.Ordinal) => "ffn in",
        _ when name.Contains(".ffn.1.", StringComparison.Ordinal) => "ffn out",
        _ => "head",
    };
}
