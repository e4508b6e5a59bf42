using System.Buffers.Binary;
using System.Text;

namespace SparseEngine.Checkpoints.PyTorch;

/// <summary>Writes a pickle, instruction by instruction.</summary>
internal sealed class PickleWriter : IDisposable
{
    private readonly MemoryStream pickle = new();

    /// <summary>Begins a pickle of a protocol.</summary>
    public PickleWriter(byte protocol)
    {
        Write(PickleOpcode.Proto);
        pickle.WriteByte(protocol);
    }

    /// <summary>Ends the pickle.</summary>
    /// <returns>The whole of it.</returns>
    public byte[] Finish()
    {
        Write(PickleOpcode.Stop);
        return pickle.ToArray();
    }

    /// <inheritdoc/>
    public void Dispose() => pickle.Dispose();

    /// <summary>Instructions without arguments.</summary>
    public void Write(params ReadOnlySpan<PickleOpcode> opcodes)
    {
        foreach (PickleOpcode opcode in opcodes)
        {
            pickle.WriteByte((byte)opcode);
        }
    }

    /// <summary>A number.</summary>
    public void WriteInteger(long integer)
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

    /// <summary>A text.</summary>
    public void WriteText(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        Write(PickleOpcode.BinUnicode);
        pickle.Write(length);
        pickle.Write(bytes);
    }

    /// <summary>A class or function of a module, by its name.</summary>
    public void WriteGlobal(string module, string name)
    {
        Write(PickleOpcode.Global);
        pickle.Write(Encoding.ASCII.GetBytes($"{module}\n{name}\n"));
    }
}
