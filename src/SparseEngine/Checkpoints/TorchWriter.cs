using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using SparseEngine.Checkpoints.PyTorch;
using SparseEngine.Files;

namespace SparseEngine.Checkpoints;

/// <summary>Writes tensors as torch.save does since PyTorch 1.6, for programs that read a <c>pytorch_model.bin</c> alone.</summary>
/// <remarks>A dictionary of contiguous float32 tensors: torch.load reads it with <c>weights_only=True</c>.</remarks>
internal static class TorchWriter
{
    // The version of torch.save's format, in which the order of bytes is little endian.
    private const string Version = "3\n";

    /// <summary>Writes float32 tensors whole or not at all; a file of that name stays as it is until the new one is complete.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">What it holds; each is filled once, one after the other in this order.</param>
    /// <exception cref="CheckpointException">A tensor is larger than an entry that is written at once.</exception>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<TensorWriter> tensors)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensors);
        if (tensors.FirstOrDefault(tensor => tensor.Elements > Array.MaxLength / sizeof(float)) is { } large)
        {
            throw new CheckpointException($"{path}: cannot hold {large.Name}, of {large.Elements} elements; a .safetensors file can");
        }

        string folder = Path.GetFileNameWithoutExtension(path);
        byte[] pickle = PickledTensors.Write(tensors.Select(tensor => (tensor.Name, tensor.Shape)));
        TensorBuffer buffer = new(tensors, isWhole: true);
        AtomicFile.Write(path, stream =>
        {
            ZipWriter zip = new(stream);
            zip.Add($"{folder}/{TorchArchive.PickleName}", pickle);
            zip.Add($"{folder}/{TorchArchive.ByteOrderName}", Encoding.ASCII.GetBytes(TorchArchive.LittleEndian));
            for (int i = 0; i < tensors.Count; i++)
            {
                zip.Add($"{folder}/{TorchArchive.StorageFolder}{i}", MemoryMarshal.AsBytes(buffer.Fill(tensors[i])));
            }

            zip.Add($"{folder}/version", Encoding.ASCII.GetBytes(Version));
            zip.Add($"{folder}/.data/serialization_id", Encoding.ASCII.GetBytes($"{XxHash3.HashToUInt64(pickle):D20}{zip.Checksum:D20}"));
            zip.Finish();
        });
    }
}
