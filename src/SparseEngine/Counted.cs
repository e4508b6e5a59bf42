using static System.FormattableString;

namespace SparseEngine;

/// <summary>Numbers of things, for messages.</summary>
internal static class Counted
{
    /// <summary>1 sample, 2 samples.</summary>
    public static string Of(long count, string unit) => Invariant($"{count} {unit}{(count == 1 ? "" : "s")}");
}
