using System.Globalization;
using System.Numerics;

namespace SparseEngine.Checkpoints.PyTorch;

/// <summary>The tensors in an object that torch.save wrote, under one name each, and its numbers and texts.</summary>
/// <remarks>
/// A name is the keys that lead to the tensor, with points between. What training scripts wrap around a model's own names, <c>{"model": ...}</c>
/// beside the optimizer and the like, is left away.
/// </remarks>
internal sealed class StateDictionary
{
    // Dictionaries in dictionaries; a list that holds itself has no end.
    private const int Deepest = 32;

    // Visited, which are more than the file has where they hold one another several times.
    private const int MostValues = 2_000_000;

    private const int LongestName = 1000;
    private const int LongestText = 1000;
    private const int MostTexts = 1000;

    private static readonly string[] ModelKeys = ["state_dict", "model_state_dict", "model", "module"];

    private readonly List<(string Name, TorchTensor Tensor)> tensors = [];
    private readonly Dictionary<string, string> texts = new(StringComparer.Ordinal);
    private int visited;

    /// <summary>Collects the tensors of an object.</summary>
    /// <exception cref="InvalidDataException">It holds none, or some without names, or is nested without end.</exception>
    public StateDictionary(object? root)
    {
        if (root is PickleDictionary dictionary && ModelKeys.FirstOrDefault(key => HoldsTensors(dictionary.Find(key))) is { } model)
        {
            Add("", dictionary.Find(model), depth: 1, withTexts: false);
            foreach ((object? key, object? value) in dictionary.Pairs.Where(pair => pair.Key as string != model))
            {
                Add(NameOf(key), value, depth: 1, withTexts: true);
            }
        }
        else
        {
            Add("", root, depth: 0, withTexts: true);
        }

        if (tensors.Count == 0)
        {
            throw new InvalidDataException("is a file of torch.save without tensors");
        }
    }

    /// <summary>The tensors in the object's order.</summary>
    public IReadOnlyList<(string Name, TorchTensor Tensor)> Tensors => tensors;

    /// <summary>Numbers and short texts in dictionaries, by their keys with points between: <c>model_args.n_layer</c>.</summary>
    public IReadOnlyDictionary<string, string> Texts => texts;

    private static bool HoldsTensors(object? value) =>
        value is PickleDictionary dictionary && dictionary.Pairs.Any(pair => pair.Value is TorchTensor);

    private static string NameOf(object? key) => key switch
    {
        string { Length: > LongestName } => throw new InvalidDataException($"has a name of more than {LongestName} characters"),
        string text => text,
        long or BigInteger or double or bool => string.Create(CultureInfo.InvariantCulture, $"{key}"),
        _ => throw new InvalidDataException("has a dictionary with a key that is neither a text nor a number"),
    };

    private void Add(string name, object? value, int depth, bool withTexts)
    {
        if (depth > Deepest || ++visited > MostValues)
        {
            throw new InvalidDataException("is damaged: its dictionaries and lists hold one another without end");
        }

        switch (value)
        {
            case TorchTensor tensor:
                tensors.Add(name.Length > 0
                    ? (name, tensor)
                    : throw new InvalidDataException("holds a tensor without a name; valid: a dictionary of tensors"));
                break;
            case PickleDictionary dictionary:
                foreach ((object? key, object? item) in dictionary.Pairs)
                {
                    Add(Join(name, NameOf(key)), item, depth + 1, withTexts);
                }

                break;
            case PickleList list:
                AddItems(name, list.Items, depth);
                break;
            case PickleTuple tuple:
                AddItems(name, tuple.Items, depth);
                break;
            default:
                if (withTexts && texts.Count < MostTexts && name.Length > 0 && TextOf(value) is { Length: <= LongestText } text)
                {
                    texts[name] = text;
                }

                break;
        }
    }

    private void AddItems(string name, IReadOnlyList<object?> items, int depth)
    {
        for (int i = 0; i < items.Count; i++)
        {
            // Most are numbers of some list.
            if (items[i] is TorchTensor or PickleDictionary or PickleList or PickleTuple)
            {
                Add(Join(name, i.ToString(CultureInfo.InvariantCulture)), items[i], depth + 1, withTexts: false);
            }
        }
    }

    private static string Join(string name, string key) => name.Length == 0 ? key
        : name.Length + key.Length < LongestName ? $"{name}.{key}"
        : throw new InvalidDataException($"has a name of more than {LongestName} characters");

    private static string? TextOf(object? value) => value switch
    {
        string text => text,
        bool flag => flag ? "true" : "false",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        long or BigInteger => string.Create(CultureInfo.InvariantCulture, $"{value}"),
        TorchElement element => $"torch.{element.Name}",
        _ => null,
    };
}
