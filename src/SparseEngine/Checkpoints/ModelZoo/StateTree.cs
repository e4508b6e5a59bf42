using System.Collections.Immutable;
using System.Globalization;

namespace SparseEngine.Checkpoints.ModelZoo;

/// <summary>A nested state of Python: dictionaries, lists and tuples, and the values at their ends.</summary>
internal abstract record StateTree
{
    /// <summary>How many values it has.</summary>
    public abstract int Leaves { get; }

    /// <summary>The parts, none for a value, with their keys: a text or an int in a dictionary, in a list or a tuple an index.</summary>
    public abstract IEnumerable<(object Key, StateTree Part)> Parts { get; }

    /// <summary>A dictionary.</summary>
    public static StateTree Dictionary(params IEnumerable<(object Key, StateTree Part)> parts) => new StateDictionary([.. parts]);

    /// <summary>A list.</summary>
    public static StateTree List(params IEnumerable<StateTree> items) => new StateSequence([.. items], IsTuple: false);

    /// <summary>A tuple.</summary>
    public static StateTree Tuple(params IEnumerable<StateTree> items) => new StateSequence([.. items], IsTuple: true);

    /// <summary>
    /// A value: a <see cref="TensorWriter"/>; float and int for a tensor without dimensions; double and long for a number of Python; null for None.
    /// </summary>
    public static StateTree Value(object? content) => new StateValue(content);

    /// <summary>All values, by their keys joined with points.</summary>
    public IEnumerable<(string Key, object? Content)> Flatten() => Flatten("");

    private IEnumerable<(string Key, object? Content)> Flatten(string scope) => this is StateValue value
        ? [(scope, value.Content)]
        : Parts.SelectMany(part => part.Part.Flatten(
            scope.Length == 0
                ? string.Create(CultureInfo.InvariantCulture, $"{part.Key}")
                : string.Create(CultureInfo.InvariantCulture, $"{scope}.{part.Key}")));
}

/// <summary>A dictionary.</summary>
internal sealed record StateDictionary(ImmutableArray<(object Key, StateTree Part)> Entries) : StateTree
{
    /// <inheritdoc/>
    public override int Leaves { get; } = Entries.Sum(entry => entry.Part.Leaves);

    /// <inheritdoc/>
    public override IEnumerable<(object Key, StateTree Part)> Parts => Entries;
}

/// <summary>A list or a tuple.</summary>
internal sealed record StateSequence(ImmutableArray<StateTree> Items, bool IsTuple) : StateTree
{
    /// <inheritdoc/>
    public override int Leaves { get; } = Items.Sum(item => item.Leaves);

    /// <inheritdoc/>
    public override IEnumerable<(object Key, StateTree Part)> Parts => Items.Select((item, index) => ((object)index, item));
}

/// <summary>A value.</summary>
internal sealed record StateValue(object? Content) : StateTree
{
    /// <inheritdoc/>
    public override int Leaves => 1;

    /// <inheritdoc/>
    public override IEnumerable<(object Key, StateTree Part)> Parts => [];
}
