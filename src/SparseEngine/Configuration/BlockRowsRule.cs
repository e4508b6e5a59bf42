using static System.FormattableString;

namespace SparseEngine.Configuration;

/// <summary>What masks in blocks of rows do not go with.</summary>
internal static class BlockRowsRule
{
    /// <summary>What is wrong with a group and what would be valid, in words that follow block_rows; null for nothing.</summary>
    public static string? Broken(SparsityGroup group)
    {
        string? without = group switch
        {
            { BlockRows: <= 1 } => null,
            { Dynamic: not null } => "algorithms that change masks: gmp, set, rigl",
            { Method: not (SparsityMethod.Random or SparsityMethod.TopK) } => "an init_method other than random and topk",
            { Balance: not null } => "in_groups or out_groups",
            _ => null,
        };
        return without is null ? null : Invariant($"is {group.BlockRows}; valid: 1 with {without}");
    }
}
