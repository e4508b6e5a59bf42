using System.Collections.Immutable;

namespace SparseEngine.Checkpoints.PyTorch;

/// <summary>The pickle, protocol 2, of a dictionary of float32 tensors, as torch.save writes it but for what it remembers to repeat.</summary>
internal static class PickledTensors
{
    private const byte Protocol = 2;

    /// <summary>The pickle of a dictionary of tensors, each of which lies contiguous in a storage of its own: "0", "1" and so on.</summary>
    public static byte[] Write(IEnumerable<(string Name, ImmutableArray<int> Shape)> tensors)
    {
        using PickleWriter writer = new(Protocol);
        writer.Write(PickleOpcode.EmptyDict);
        int key = 0;
        foreach ((string name, ImmutableArray<int> shape) in tensors)
        {
            writer.WriteText(name);
            WriteTensor(writer, $"{key++}", shape);
            writer.Write(PickleOpcode.SetItem);
        }

        return writer.Finish();
    }

    // _rebuild_tensor_v2(storage, storage_offset, size, stride, requires_grad, backward_hooks)
    private static void WriteTensor(PickleWriter writer, string storage, ImmutableArray<int> shape)
    {
        long[] strides = new long[shape.Length];
        long elements = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            strides[i] = elements;
            elements *= Math.Max(1, shape[i]);
        }

        writer.WriteGlobal("torch._utils", "_rebuild_tensor_v2");
        writer.Write(PickleOpcode.Mark);
        WriteStorage(writer, storage, shape.Contains(0) ? 0 : elements);
        writer.WriteInteger(0);
        WriteTuple(writer, shape.Select(dimension => (long)dimension));
        WriteTuple(writer, strides);
        writer.Write(PickleOpcode.NewFalse);
        writer.WriteGlobal("collections", "OrderedDict");
        writer.Write(PickleOpcode.EmptyTuple, PickleOpcode.Reduce, PickleOpcode.Tuple, PickleOpcode.Reduce);
    }

    private static void WriteStorage(PickleWriter writer, string key, long elements)
    {
        writer.Write(PickleOpcode.Mark);
        writer.WriteText("storage");
        writer.WriteGlobal("torch", TorchElement.Single.Storage!);
        writer.WriteText(key);
        writer.WriteText("cpu");
        writer.WriteInteger(elements);
        writer.Write(PickleOpcode.Tuple, PickleOpcode.BinPersId);
    }

    private static void WriteTuple(PickleWriter writer, IEnumerable<long> integers)
    {
        writer.Write(PickleOpcode.Mark);
        foreach (long integer in integers)
        {
            writer.WriteInteger(integer);
        }

        writer.Write(PickleOpcode.Tuple);
    }
}
