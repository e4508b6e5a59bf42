using System.Globalization;

namespace SparseEngine.Checkpoints;

/// <summary>The names that tensors of an optimizer have in a checkpoint, beside those of parameters.</summary>
internal static class OptimizerStateName
{
    /// <summary>The metadata key that holds the number of updates an optimizer's state has seen.</summary>
    public const string Updates = "optimizer.updates";

    private const string Optimizer = "optimizer.";
    private const string State = "optimizer.state.";

    /// <summary>The number of updates that an optimizer's state has seen, where a checkpoint's texts say it.</summary>
    public static int? UpdatesIn(IReadOnlyDictionary<string, string> metadata) =>
        int.TryParse(metadata.GetValueOrDefault(Updates), CultureInfo.InvariantCulture, out int count) ? count : null;

    /// <summary>The name of a parameter's state: <c>optimizer.state.{parameter}.exp_avg</c>.</summary>
    public static string Of(string parameter, string state) => $"{State}{parameter}.{state}";

    /// <summary>Whether a tensor is an optimizer's, and so no parameter.</summary>
    public static bool IsOptimizers(string name) => name.StartsWith(Optimizer, StringComparison.Ordinal);

    /// <summary>The parameter that a tensor is a state of; null where its name is not that of a state.</summary>
    public static string? ParameterOf(string name)
    {
        int end = name.LastIndexOf('.');
        return name.StartsWith(State, StringComparison.Ordinal) && end > State.Length ? name[State.Length..end] : null;
    }
}
