using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.PtxMachine;

/// <summary>
/// Lays a kernel's struct out as ILGPU's PTX reads it: fields in their order, each at a multiple of its size, and a view of memory as its
/// address and its number of elements.
/// </summary>
internal sealed class KernelArguments
{
    private const int ViewBytes = 16;
    private readonly List<Field> fields = [];

    public KernelArguments(Type kernel) => Bytes = Add(kernel, [], 0);

    /// <summary>Bytes of the arguments.</summary>
    public int Bytes { get; }

    /// <summary>Lays the arguments of a launch out.</summary>
    /// <param name="kernel">The kernel's struct.</param>
    /// <param name="views">Gets the memory that the arguments view.</param>
    public byte[] Write(object kernel, List<MemoryView> views)
    {
        byte[] bytes = new byte[Bytes];
        foreach (Field field in fields)
        {
            object value = field.Path.Aggregate(kernel, (holder, member) => member.GetValue(holder)!);
            Span<byte> target = bytes.AsSpan(field.Offset);
            if (value is IContiguousArrayView view)
            {
                nint start = view.Length == 0 ? 0 : Address(view);
                MemoryMarshal.Write(target, start);
                MemoryMarshal.Write(target[sizeof(long)..], view.Length);
                views.Add(new MemoryView(start, view.LengthInBytes, view.ElementSize, view.Length == 0 ? 0 : view.Buffer.NativePtr, field.Offset));
            }
            else
            {
                Write(target, value);
            }
        }

        return bytes;
    }

    private static nint Address(IContiguousArrayView view)
    {
        MemoryBuffer buffer = view.Buffer;
        return buffer.IsDisposed || view.IndexInBytes < 0 || view.IndexInBytes + view.LengthInBytes > buffer.LengthInBytes
            ? throw new InvalidOperationException("a kernel is given memory that is no longer allocated, or more than there is")
            : buffer.NativePtr + (nint)view.IndexInBytes;
    }

    private static void Write(Span<byte> target, object value)
    {
        switch (value)
        {
            case bool flag:
                target[0] = flag ? (byte)1 : (byte)0;
                break;
            case byte number:
                target[0] = number;
                break;
            case int number:
                MemoryMarshal.Write(target, number);
                break;
            case uint number:
                MemoryMarshal.Write(target, number);
                break;
            case long number:
                MemoryMarshal.Write(target, number);
                break;
            case ulong number:
                MemoryMarshal.Write(target, number);
                break;
            case float number:
                MemoryMarshal.Write(target, number);
                break;
            default:
                throw Unknown(value.GetType());
        }
    }

    /// <summary>Adds a type's fields from an offset on.</summary>
    /// <returns>Its bytes.</returns>
    private int Add(Type type, FieldInfo[] path, int offset)
    {
        if (IsView(type) || type.IsPrimitive)
        {
            fields.Add(new Field(path, offset));
            return IsView(type) ? ViewBytes : Alignment(type);
        }

        int bytes = 0;
        foreach (FieldInfo field in FieldsOf(type))
        {
            bytes = RoundUp(bytes, Alignment(field.FieldType));
            bytes += Add(field.FieldType, [.. path, field], offset + bytes);
        }

        return RoundUp(Math.Max(bytes, 1), Alignment(type));
    }

    /// <summary>What the place of a type's values is a multiple of.</summary>
    private static int Alignment(Type type) =>
        IsView(type) ? sizeof(long)
        : type == typeof(bool) ? sizeof(byte)
        : type.IsPrimitive ? Marshal.SizeOf(type)
        : type.IsValueType && !type.IsEnum ? FieldsOf(type).Select(field => Alignment(field.FieldType)).DefaultIfEmpty(1).Max()
        : throw Unknown(type);

    private static bool IsView(Type type) => type.IsAssignableTo(typeof(IContiguousArrayView));

    private static IEnumerable<FieldInfo> FieldsOf(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).OrderBy(field => field.MetadataToken);

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    private static NotSupportedException Unknown(Type type) => new($"{type} in a kernel's arguments");

    /// <summary>A number or a view: the fields that lead to it, and where it goes.</summary>
    private sealed record Field(FieldInfo[] Path, int Offset);
}
