namespace SparseEngine.Accounting;

/// <summary>Which pairs of a query and a key count in a sequence of s tokens.</summary>
public enum AttentionCounting
{
    /// <summary>All s x s, as if there were no causal mask: the convention of published figures.</summary>
    Full,

    /// <summary>The s (s + 1) / 2 whose key is not after the query: those computed here.</summary>
    Causal,
}
