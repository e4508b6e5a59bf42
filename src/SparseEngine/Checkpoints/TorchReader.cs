using SparseEngine.Checkpoints.PyTorch;

namespace SparseEngine.Checkpoints;

/// <summary>Reads a file of torch.save: .pt, .pth, .bin, .ckpt. Its pickle is interpreted by a list of what it may name, never run.</summary>
internal sealed class TorchReader : CheckpointReader
{
    // Elements converted at a time.
    private const int Chunk = 1 << 16;

    private readonly FileStream file;
    private readonly Dictionary<string, TorchTensor> tensors = new(StringComparer.Ordinal);

    public TorchReader(string path)
        : base(path)
    {
        file = File.OpenRead(path);
        try
        {
            StateDictionary state = TorchFile.Read(file);
            (State, Metadata) = SafetensorsState.Split([.. state.Texts]);
            foreach ((string name, TorchTensor tensor) in state.Tensors)
            {
                AddTensor(name, tensor.Shape, TypeOf(tensor).DataType);
                tensors.Add(name, tensor);
            }
        }
        catch (InvalidDataException exception)
        {
            file.Dispose();
            throw new CheckpointException($"{path}: {exception.Message}", exception);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private protected override void ReadStored(string storedName, Span<float> destination)
    {
        TorchTensor tensor = tensors[storedName];
        SafetensorsType type = TypeOf(tensor);
        byte[] buffer = new byte[Math.Min(Chunk, Math.Max(destination.Length, tensor.Span)) * type.Size];
        StridedElements.Read(tensor, ReadRun, destination);

        void ReadRun(long start, Span<float> run)
        {
            file.Position = tensor.Position + (start * type.Size);
            for (int done = 0; done < run.Length; done += Chunk)
            {
                Span<float> chunk = run[done..Math.Min(done + Chunk, run.Length)];
                Span<byte> bytes = buffer.AsSpan(0, chunk.Length * type.Size);
                file.ReadExactly(bytes);
                type.ToSingle(bytes, chunk);
            }
        }
    }

    private protected override void Dispose(bool disposing) => file.Dispose();

    private static SafetensorsType TypeOf(TorchTensor tensor) => SafetensorsType.Find(tensor.Element.Code)!;
}
