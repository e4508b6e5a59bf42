using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace SparseEngine.Checkpoints.PyTorch;

/// <summary>Writes the pickle, protocol 2, of a dictionary of float32 tensors, as torch.save writes it but for what it remembers to repeat.</summary>
internal sealed class PickleWriter : IDisposable
{
    private const byte Protocol = 2;

    private readonly MemoryStream pickle = new();

    /// <summary>The pickle of a dictionary of tensors, each of which lies contiguous in a storage of its own: "0", "1" and so on.</summary>
    public static byte[] StateDictionary(IEnumerable<(string Name, ImmutableArray<int> Shape)> tensors)
    {
        using PickleWriter writer = new();
        writer.Write(PickleOpcode.Proto);
        writer.pickle.WriteByte(Protocol);
        writer.Write(PickleOpcode.EmptyDict);
        int key = 0;
        foreach ((string name, ImmutableArray<int> shape) in tensors)
        {
            writer.WriteText(name);
            writer.WriteTensor($"{key++}", shape);
            writer.Write(PickleOpcode.SetItem);
        }

        writer.Write(PickleOpcode.Stop);
        return writer.pickle.ToArray();
    }

    /// <inheritdoc/>
    public void Dispose() => pickle.Dispose();

    // _rebuild_tensor_v2(storage, storage_offset, size, stride, requires_grad, backward_hooks)
    private void WriteTensor(string storage, ImmutableArray<int> shape)
    {
        long[] strides = new long[shape.Length];
        long elements = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            strides[i] = elements;
            elements *= Math.Max(1, shape[i]);
        }

        WriteGlobal("torch._utils", "_rebuild_tensor_v2");
        Write(PickleOpcode.Mark);
        WriteStorage(storage, shape.Contains(0) ? 0 : elements);
        WriteInteger(0);
        WriteTuple(shape.Select(dimension => (long)dimension));
        WriteTuple(strides);
        Write(PickleOpcode.NewFalse);
        WriteGlobal("collections", "OrderedDict");
        Write(PickleOpcode.EmptyTuple);
        Write(PickleOpcode.Reduce);
        Write(PickleOpcode.Tuple);
        Write(PickleOpcode.Reduce);
    }

    private void WriteStorage(string key, long elements)
    {
        Write(PickleOpcode.Mark);
        WriteText("storage");
        WriteGlobal("torch", TorchElement.Single.Storage!);
        WriteText(key);
        WriteText("cpu");
        WriteInteger(elements);
        Write(PickleOpcode.Tuple);
        Write(PickleOpcode.BinPersId);
    }

    private void WriteTuple(IEnumerable<long> integers)
    {
        Write(PickleOpcode.Mark);
        foreach (long integer in integers)
        {
            WriteInteger(integer);
        }

        Write(PickleOpcode.Tuple);
    }

    private void WriteInteger(long integer)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, integer);
        if (integer is >= int.MinValue and <= int.MaxValue)
        {
            Write(PickleOpcode.BinInt);
            pickle.Write(bytes[..sizeof(int)]);
        }
        else
        {
            Write(PickleOpcode.Long1);
            pickle.WriteByte(sizeof(long));
            pickle.Write(bytes);
        }
    }

    private void WriteText(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        Write(PickleOpcode.BinUnicode);
        pickle.Write(length);
        pickle.Write(bytes);
    }

    private void WriteGlobal(string module, string name)
    {
        Write(PickleOpcode.Global);
        pickle.Write(Encoding.ASCII.GetBytes($"{module}\n{name}\n"));
    }

    private void Write(PickleOpcode opcode) => pickle.WriteByte((byte)opcode);
}
