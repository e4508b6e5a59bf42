using System.Collections.Immutable;

namespace SparseEngine.Configuration.Sections;

/// <summary>The words a key may hold and what each stands for. Case does not matter.</summary>
internal sealed class Choices<T>
    where T : struct
{
    private readonly Dictionary<string, T> values = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes the words in the order in which messages list them.</summary>
    public Choices(params ReadOnlySpan<(string Name, T Value)> choices)
        : this(choices, synonyms: [])
    {
    }

    /// <summary>Takes the words, and others that are understood but not listed.</summary>
    public Choices(ReadOnlySpan<(string Name, T Value)> choices, ReadOnlySpan<(string Name, T Value)> synonyms)
    {
        ImmutableArray<string>.Builder names = ImmutableArray.CreateBuilder<string>(choices.Length);
        foreach ((string name, T value) in choices)
        {
            values.Add(name, value);
            names.Add(name);
        }

        foreach ((string name, T value) in synonyms)
        {
            values.Add(name, value);
        }

        Names = names.ToImmutable();
    }

    /// <summary>The words that messages list.</summary>
    public ImmutableArray<string> Names { get; }

    /// <summary>Finds what a word stands for.</summary>
    public bool TryGet(string name, out T value) => values.TryGetValue(name, out value);

    /// <summary>The first word for a value.</summary>
    public string NameOf(T value) => Find(value) ?? throw new ArgumentOutOfRangeException(nameof(value), value, "no word stands for it");

    /// <summary>The first word for a value; null where there is none.</summary>
    public string? Find(T value) => values.FirstOrDefault(choice => EqualityComparer<T>.Default.Equals(choice.Value, value)).Key;

    /// <summary>The valid words: "random, topk".</summary>
    public override string ToString() => string.Join(", ", Names);
}
