using System.Collections.Immutable;

namespace SparseEngine.Checkpoints.PyTorch;

/// <summary>An element type of PyTorch that can be read.</summary>
/// <param name="Name">PyTorch's name of it, without <c>torch.</c></param>
/// <param name="Code">The name that the safetensors format has for it.</param>
/// <param name="Size">Bytes an element takes.</param>
/// <param name="Storage">The class of its storages; null for the newer types, which have untyped ones.</param>
internal sealed record TorchElement(string Name, string Code, int Size, string? Storage)
{
    /// <summary>The type that is written.</summary>
    public static TorchElement Single { get; } = new("float32", "F32", 4, "FloatStorage");

    /// <summary>All of them.</summary>
    public static ImmutableArray<TorchElement> All { get; } =
    [
        Single,
        new("float16", "F16", 2, "HalfStorage"),
        new("bfloat16", "BF16", 2, "BFloat16Storage"),
        new("float64", "F64", 8, "DoubleStorage"),
        new("int64", "I64", 8, "LongStorage"),
        new("int32", "I32", 4, "IntStorage"),
        new("int16", "I16", 2, "ShortStorage"),
        new("int8", "I8", 1, "CharStorage"),
        new("uint8", "U8", 1, "ByteStorage"),
        new("bool", "BOOL", 1, "BoolStorage"),
        new("uint16", "U16", 2, null),
        new("uint32", "U32", 4, null),
        new("uint64", "U64", 8, null),
    ];
}

/// <summary>A class of storages.</summary>
/// <param name="Element">What they hold; null for bytes of any type.</param>
internal sealed record TorchStorageType(TorchElement? Element)
{
    /// <summary>Bytes that a unit of their sizes takes.</summary>
    public int Size => Element?.Size ?? 1;
}
