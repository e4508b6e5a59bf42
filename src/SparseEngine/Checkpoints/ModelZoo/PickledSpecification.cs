using System.Buffers.Binary;
using System.Text;

namespace SparseEngine.Checkpoints.ModelZoo;

/// <summary>
/// The structure of a nested state as the Model Zoo keeps it: the <c>TreeSpec</c> of <c>torch.utils._pytree</c> that tree_flatten gives of it,
/// in Python's pickle protocol 3.
/// </summary>
/// <remarks>
/// It names two classes of PyTorch and three of Python, and sets the four fields that TreeSpec has had since it exists.
/// Opcodes: pickletools of CPython.
/// </remarks>
internal static class PickledSpecification
{
    private const string Specification = "torch.utils._pytree TreeSpec";
    private const string Leaf = "torch.utils._pytree LeafSpec";

    /// <summary>The pickle.</summary>
    public static byte[] Write(StateTree tree)
    {
        using MemoryStream stream = new();
        stream.Write([0x80, 3]);
        Write(stream, tree);
        stream.WriteByte((byte)'.');
        return stream.ToArray();
    }

    private static void Write(Stream stream, StateTree tree)
    {
        // An object without a call of its constructor, and then its fields: c, ), NEWOBJ, }, (, ..., u, b.
        WriteGlobal(stream, tree is StateValue ? Leaf : Specification);
        stream.Write([(byte)')', 0x81, (byte)'}', (byte)'(']);
        WriteText(stream, "type");
        switch (tree)
        {
            case StateDictionary dictionary:
                WriteGlobal(stream, "builtins dict");
                WriteText(stream, "context");
                WriteList(stream, dictionary.Entries, entry => WriteKey(stream, entry.Key));
                break;
            case StateSequence sequence:
                WriteGlobal(stream, sequence.IsTuple ? "builtins tuple" : "builtins list");
                WriteText(stream, "context");
                stream.WriteByte((byte)'N');
                break;
            default:
                stream.WriteByte((byte)'N');
                WriteText(stream, "context");
                stream.WriteByte((byte)'N');
                break;
        }

        WriteText(stream, "children_specs");
        WriteList(stream, tree.Parts, part => Write(stream, part.Part));
        WriteText(stream, "num_leaves");
        WriteInteger(stream, tree.Leaves);
        stream.Write("ub"u8);
    }

    private static void WriteList<T>(Stream stream, IEnumerable<T> items, Action<T> write)
    {
        stream.Write("]("u8);
        foreach (T item in items)
        {
            write(item);
        }

        stream.WriteByte((byte)'e');
    }

    private static void WriteKey(Stream stream, object key)
    {
        if (key is int number)
        {
            WriteInteger(stream, number);
        }
        else
        {
            WriteText(stream, (string)key);
        }
    }

    private static void WriteGlobal(Stream stream, string moduleAndName)
    {
        stream.WriteByte((byte)'c');
        stream.Write(Encoding.ASCII.GetBytes($"{moduleAndName.Replace(' ', '\n')}\n"));
    }

    private static void WriteText(Stream stream, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        stream.WriteByte((byte)'X');
        WriteLittleEndian(stream, bytes.Length);
        stream.Write(bytes);
    }

    private static void WriteInteger(Stream stream, int number)
    {
        stream.WriteByte((byte)'J');
        WriteLittleEndian(stream, number);
    }

    private static void WriteLittleEndian(Stream stream, int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        stream.Write(bytes);
    }
}
