using System.Globalization;
using System.IO.Hashing;
using System.Reflection;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;
using PureHDF;
using PureHDF.Selections;
using SparseEngine.Files;

namespace SparseEngine.Checkpoints;

/// <summary>Writes .mdl files: HDF5 with one dataset per tensor, a checksum of each, and the run's state as attributes.</summary>
internal static class MdlWriter
{
    /// <summary>Writes a checkpoint whole or not at all; a file of that name stays as it is until the new one is complete.</summary>
    /// <param name="path">The file, <c>checkpoint_{step}.mdl</c>.</param>
    /// <param name="tensors">What it holds; each is filled once, one after the other in this order.</param>
    /// <param name="state">Where the run stands; null for a file that does not say.</param>
    /// <param name="metadata">Texts to keep beside it; null for none.</param>
    /// <exception cref="ArgumentException">Two tensors have one name.</exception>
    /// <exception cref="OutputException">It cannot be written.</exception>
    /// <exception cref="CheckpointException">A tensor's name cannot be one in an HDF5 file.</exception>
    public static void Write(
        string path, IReadOnlyList<TensorWriter> tensors, TrainingState? state, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensors);
        if (tensors.FirstOrDefault(tensor => !CheckpointLayout.IsTensorName(tensor.Name)) is { } impossible)
        {
            throw new CheckpointException($"{path}: an HDF5 file cannot hold a tensor of the name \"{impossible.Name}\"; a .safetensors file can");
        }

        metadata ??= new Dictionary<string, string>();
        H5File file = [];
        CheckpointAttributes.Add(file, state, metadata);
        H5Dataset<float[]>[] datasets = [.. tensors.Select(tensor => new H5Dataset<float[]>(FileShape(tensor)))];
        for (int i = 0; i < tensors.Count; i++)
        {
            file.Add(tensors[i].Name, datasets[i]);
        }

        // Written last, when all sums are known; its length is known before.
        uint attributeSum = CheckpointAttributes.Checksum(state, metadata);
        H5Dataset<byte[]> checksums = new([(ulong)Encoding.UTF8.GetByteCount(ChecksumLines(attributeSum, tensors, new uint[tensors.Count]))]);
        file.Add(CheckpointLayout.Checksums, checksums);

        AtomicFile.Write(path, stream => Unwrap(() =>
        {
            List<FileRegion> regions = [];
            using (H5NativeWriter writer = file.BeginWrite(stream))
            {
                uint[] sums = Fill(writer, stream, tensors, datasets, regions);
                writer.Write(checksums, Encoding.UTF8.GetBytes(ChecksumLines(attributeSum, tensors, sums)));
            }

            StructureChecksum.Append(stream, regions);
        }));
    }

    /// <summary>Fills the datasets of tensors, one after the other, and notes where their elements lie.</summary>
    /// <returns>The CRC-32 of each.</returns>
    internal static uint[] Fill(
        H5NativeWriter writer, Stream stream, IReadOnlyList<TensorWriter> tensors, H5Dataset<float[]>[] datasets, List<FileRegion> regions)
    {
        TensorBuffer buffer = new(tensors);
        uint[] sums = new uint[tensors.Count];
        for (int i = 0; i < tensors.Count; i++)
        {
            Crc32 sum = new();
            int written = 0;
            foreach (ArraySegment<float> part in buffer.Parts(tensors[i]))
            {
                sum.Append(MemoryMarshal.AsBytes(part.AsSpan()));
                writer.Write(
                    datasets[i], part.Array!, memorySelection: new HyperslabSelection(0, (ulong)part.Count), RowsOf(tensors[i], written, part.Count));
                written += part.Count;
            }

            sums[i] = sum.GetCurrentHashAsUInt32();
            if (written > 0)
            {
                // A dataset that is filled later is contiguous: its elements have just been written up to here.
                long length = (long)written * sizeof(float);
                regions.Add(new FileRegion(stream.Position - length, length));
            }
        }

        return sums;
    }

    /// <summary>PureHDF calls itself by reflection, which hides that the disk is full inside another exception.</summary>
    internal static void Unwrap(Action write)
    {
        try
        {
            write();
        }
        catch (TargetInvocationException exception) when (exception.InnerException is { } cause)
        {
            ExceptionDispatchInfo.Throw(cause);
        }
    }

    /// <summary>Where a part of a tensor lies in its dataset; null for all of it.</summary>
    private static HyperslabSelection? RowsOf(TensorWriter tensor, int first, int count)
    {
        if (count == tensor.Elements)
        {
            return null;
        }

        ulong[] starts = new ulong[tensor.Shape.Length];
        ulong[] lengths = FileShape(tensor);
        (starts[0], lengths[0]) = ((ulong)(first / tensor.RowElements), (ulong)(count / tensor.RowElements));
        return new HyperslabSelection(starts.Length, starts, lengths);
    }

    // PureHDF writes no scalar that is filled later, so one is a vector of one element.
    internal static ulong[] FileShape(TensorWriter tensor) => tensor.Shape.IsEmpty ? [1] : [.. tensor.Shape.Select(dimension => (ulong)dimension)];

    private static string ChecksumLines(uint attributeSum, IReadOnlyList<TensorWriter> tensors, uint[] sums)
    {
        StringBuilder lines = new();
        lines.Append(CultureInfo.InvariantCulture, $"{attributeSum:x8} {CheckpointLayout.Attributes}\n");
        for (int i = 0; i < tensors.Count; i++)
        {
            lines.Append(CultureInfo.InvariantCulture, $"{sums[i]:x8} {tensors[i].Name}\n");
        }

        return lines.ToString();
    }
}
