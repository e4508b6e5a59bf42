using System.Collections.Frozen;

namespace SparseEngine.Checkpoints.PyTorch;

/// <summary>The names that pickles of torch.save may use, and what they stand for: the whole list.</summary>
internal sealed class TorchObjects : IPickleObjects
{
    private const string Storage = "storage";

    private static readonly FrozenDictionary<string, object> Known = Names();

    private readonly Dictionary<string, TorchStorage> storages = new(StringComparer.Ordinal);

    private enum Function
    {
        OrderedDictionary,
        RebuildTensor,
        RebuildTensorOfType,
        RebuildParameter,
        RebuildFromType,
        Size,
        Device,
    }

    /// <summary>All storages that were named, by their keys.</summary>
    public IReadOnlyDictionary<string, TorchStorage> Storages => storages;

    /// <inheritdoc/>
    public object Find(string module, string name) => Known.TryGetValue($"{module}.{name}", out object? known)
        ? known
        : throw new InvalidDataException(
            $"names {module}.{name}, which is none of the objects that are read, and was not run; valid: tensors, in dictionaries, lists and tuples, "
            + "with numbers and texts");

    /// <inheritdoc/>
    public object Call(object? function, PickleTuple arguments) => (function, arguments.Items) switch
    {
        (Function.OrderedDictionary, []) => new PickleDictionary(),
        (Function.OrderedDictionary, [PickleList pairs]) => Dictionary(pairs),
        (Function.Size, [PickleTuple sizes]) => sizes,
        (Function.Device, [string device, ..]) => device,
        (Function.RebuildTensor, [TorchStorage { Type.Element: { } element } storage, var offset, var size, var stride, ..]) =>
            TorchTensor.Of(storage, element, offset, size, stride),
        (Function.RebuildTensorOfType, [TorchStorage storage, var offset, var size, var stride, _, _, TorchElement element, ..]) =>
            TorchTensor.Of(storage, element, offset, size, stride),
        (Function.RebuildParameter, [TorchTensor tensor, ..]) => tensor,
        (Function.RebuildFromType,
            [Function.RebuildTensor or Function.RebuildTensorOfType or Function.RebuildParameter, _, PickleTuple inner, ..]) =>
            Call(arguments.Items[0], inner),
        _ => throw new InvalidDataException("is damaged: its pickle makes an object of other arguments than torch.save gives"),
    };

    /// <inheritdoc/>
    public object Load(PickleTuple name) => name.Items switch
    {
        [Storage, TorchStorageType type, string key, _, long and >= 0 and var count] => Whole(key, type, count),
        [Storage, TorchStorageType type, string key, _, long and >= 0 and var count, null] => Whole(key, type, count),
        [Storage, TorchStorageType type, string key, _, long and >= 0 and var count,
            PickleTuple { Items: [string part, long and >= 0 and var start, long and >= 0 and var size] }] =>
            Part(Whole(key, type, count), part, start, size),
        ["module", ..] => throw new InvalidDataException("holds a whole module with its code, which is not run; valid: a file of its state_dict()"),
        _ => throw new InvalidDataException("is damaged: its pickle names a storage as torch.save does not"),
    };

    private static PickleDictionary Dictionary(PickleList pairs)
    {
        PickleDictionary dictionary = new();
        foreach (object? pair in pairs.Items)
        {
            if (pair is PickleTuple { Items: [var first, var second] })
            {
                dictionary.Add(first, second);
            }
            else if (pair is PickleList { Items: [var key, var value] })
            {
                dictionary.Add(key, value);
            }
            else
            {
                throw new InvalidDataException("is damaged: its pickle makes a dictionary of what are no pairs");
            }
        }

        return dictionary;
    }

    private static TorchStorage Part(TorchStorage whole, string key, long start, long size) => start <= whole.Count && size <= whole.Count - start
        ? new TorchStorage(key, whole.Type, size) { Whole = whole, Start = start }
        : throw new InvalidDataException($"is damaged: a part of storage {whole.Key} ends behind it");

    private static FrozenDictionary<string, object> Names()
    {
        Dictionary<string, object> names = new()
        {
            ["collections.OrderedDict"] = Function.OrderedDictionary,
            ["torch._utils._rebuild_tensor"] = Function.RebuildTensor,
            ["torch._utils._rebuild_tensor_v2"] = Function.RebuildTensor,
            ["torch._utils._rebuild_tensor_v3"] = Function.RebuildTensorOfType,
            ["torch._utils._rebuild_parameter"] = Function.RebuildParameter,
            ["torch._utils._rebuild_parameter_with_state"] = Function.RebuildParameter,
            ["torch._tensor._rebuild_from_type_v2"] = Function.RebuildFromType,
            ["torch.Size"] = Function.Size,
            ["torch.device"] = Function.Device,
            ["torch.Tensor"] = "torch.Tensor",
            ["torch.nn.parameter.Parameter"] = "torch.nn.parameter.Parameter",
            ["torch.UntypedStorage"] = new TorchStorageType(Element: null),
            ["torch.storage.UntypedStorage"] = new TorchStorageType(Element: null),
        };
        foreach (TorchElement element in TorchElement.All)
        {
            names.Add($"torch.{element.Name}", element);
            if (element.Storage is { } storage)
            {
                names.Add($"torch.{storage}", new TorchStorageType(element));
            }
        }

        // A configuration may name them; a tensor of them is refused by its storage.
        foreach (string other in (ReadOnlySpan<string>)["complex32", "complex64", "complex128", "float8_e4m3fn", "float8_e5m2"])
        {
            names.Add($"torch.{other}", $"torch.{other}");
        }

        return names.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private TorchStorage Whole(string key, TorchStorageType type, long count)
    {
        if (!storages.TryGetValue(key, out TorchStorage? storage))
        {
            storage = new TorchStorage(key, type, count);
            storages.Add(key, storage);
        }

        return storage.Type == type && storage.Count == count
            ? storage
            : throw new InvalidDataException($"is damaged: it describes storage {key} in two ways");
    }
}
