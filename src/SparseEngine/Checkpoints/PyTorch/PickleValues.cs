using System.Collections.Immutable;

namespace SparseEngine.Checkpoints.PyTorch;

/// <summary>A tuple of Python. The other values are null, bool, long, BigInteger, double, string and byte arrays, and what objects became.</summary>
/// <param name="items">Its items.</param>
internal sealed class PickleTuple(ImmutableArray<object?> items)
{
    public ImmutableArray<object?> Items { get; } = items;
}

/// <summary>A list of Python, which instructions may still append to: even itself.</summary>
internal sealed class PickleList
{
    private List<object?>? items;

    public IReadOnlyList<object?> Items => items ?? (IReadOnlyList<object?>)[];

    public void Add(object? item) => (items ??= []).Add(item);
}

/// <summary>A dictionary of Python, ordered or not: its pairs in the order in which they were set.</summary>
internal sealed class PickleDictionary
{
    private List<KeyValuePair<object?, object?>>? pairs;

    public IReadOnlyList<KeyValuePair<object?, object?>> Pairs => pairs ?? (IReadOnlyList<KeyValuePair<object?, object?>>)[];

    public void Add(object? key, object? value) => (pairs ??= []).Add(new(key, value));

    /// <summary>The value that a text was set to last; null where there is none.</summary>
    public object? Find(string key)
    {
        for (int i = Pairs.Count - 1; i >= 0; i--)
        {
            if (Pairs[i].Key is string text && text == key)
            {
                return Pairs[i].Value;
            }
        }

        return null;
    }
}
