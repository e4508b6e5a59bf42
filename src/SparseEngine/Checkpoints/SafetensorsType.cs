using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;

namespace SparseEngine.Checkpoints;

/// <summary>An element type of the safetensors format.</summary>
/// <param name="Name">The header's name of it.</param>
/// <param name="Size">Bytes an element takes.</param>
/// <param name="ToSingle">Converts stored bytes, little endian, to float32.</param>
internal sealed record SafetensorsType(string Name, int Size, SafetensorsType.Conversion ToSingle)
{
    /// <summary>Converts the bytes of some elements into as many floats.</summary>
    public delegate void Conversion(ReadOnlySpan<byte> bytes, Span<float> destination);

    /// <summary>The type that needs no conversion.</summary>
    public static SafetensorsType Single { get; } = new(
        "F32", sizeof(float), (bytes, destination) => MemoryMarshal.Cast<byte, float>(bytes).CopyTo(destination));

    /// <summary>All that can be read.</summary>
    public static ImmutableArray<SafetensorsType> All { get; } =
    [
        Single,
        Number<Half>("F16", 2),
        new("BF16", 2, (bytes, destination) => Widening.BFloat16ToSingle(MemoryMarshal.Cast<byte, ushort>(bytes), destination)),
        Number<double>("F64", 8),
        Number<long>("I64", 8),
        Number<ulong>("U64", 8),
        Number<int>("I32", 4),
        Number<uint>("U32", 4),
        Number<short>("I16", 2),
        Number<ushort>("U16", 2),
        Number<sbyte>("I8", 1),
        Number<byte>("U8", 1),
        Number<byte>("BOOL", 1),
    ];

    /// <summary>numpy's name of it: float32, bfloat16, uint8, bool.</summary>
    public string DataType => Name switch
    {
        "BOOL" => "bool",
        ['B', 'F', .. string bits] => $"bfloat{bits}",
        ['F', .. string bits] => $"float{bits}",
        ['I', .. string bits] => $"int{bits}",
        _ => $"uint{Name[1..]}",
    };

    /// <summary>The type of this name; null where there is none.</summary>
    public static SafetensorsType? Find(string name) => All.FirstOrDefault(type => type.Name == name);

    private static SafetensorsType Number<T>(string name, int size)
        where T : struct, INumberBase<T> =>
        new(name, size, (bytes, destination) => Widening.ToSingle(MemoryMarshal.Cast<byte, T>(bytes), destination));
}
