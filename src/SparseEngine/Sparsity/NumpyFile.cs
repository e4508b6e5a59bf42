using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;

namespace SparseEngine.Sparsity;

/// <summary>Writes numpy's .npy files, version 1.0 (numpy.lib.format).</summary>
internal static class NumpyFile
{
    private const int Alignment = 64;
    private const int Preamble = 10;

    /// <summary>Writes an array of flags in C order, which <c>numpy.load</c> reads.</summary>
    public static void Write(string path, ImmutableArray<int> shape, bool[] flags)
    {
        string dimensions = string.Join(", ", shape) + (shape.Length == 1 ? "," : "");
        string header = $"{{'descr': '|b1', 'fortran_order': False, 'shape': ({dimensions}), }}";
        int padding = (Alignment - ((Preamble + header.Length + 1) % Alignment)) % Alignment;
        header += new string(' ', padding) + '\n';

        Span<byte> preamble = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, 0, 0];
        BinaryPrimitives.WriteUInt16LittleEndian(preamble[^2..], (ushort)header.Length);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using FileStream file = File.Create(path);
        file.Write(preamble);
        file.Write(Encoding.ASCII.GetBytes(header));
        file.Write(MemoryMarshal.AsBytes<bool>(flags));
    }
}
