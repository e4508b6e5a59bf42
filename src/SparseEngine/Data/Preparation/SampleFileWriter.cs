using System.Reflection;
using System.Runtime.ExceptionServices;
using PureHDF;
using PureHDF.Filters;
using PureHDF.Selections;
using PureHDF.VOL.Native;

namespace SparseEngine.Data.Preparation;

/// <summary>
/// Writes the Model Zoo's HDF5 samples: a dataset <c>data</c> int32 [n, 3, sequence] of input ids, loss mask and labels,
/// compressed with gzip, and the attribute <c>n_examples</c>.
/// </summary>
internal static class SampleFileWriter
{
    private const int Rows = 3;

    /// <summary>
    /// A shuffled run decompresses a whole chunk for each sample, and a chunk of few bytes compresses badly: the zoo's one
    /// sample where samples are long, several where they are short.
    /// </summary>
    private const int ChunkBytes = 16 << 10;

    /// <summary>Writes one file. The places after the last label have mask 0 and hold the end token.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, TokenBlock block, int endToken)
    {
        int sequence = block.SequenceLength;
        int samplesInChunk = Math.Clamp(ChunkBytes / (Rows * sequence * sizeof(int)), 1, block.Samples);
        H5Dataset<int[]> data = new(
            [(ulong)block.Samples, Rows, (ulong)sequence],
            chunks: [(uint)samplesInChunk, Rows, (uint)sequence],
            datasetCreation: new H5DatasetCreation(ChunkCache: new OneChunk(), Filters: [DeflateFilter.Id]));
        H5File file = new() { ["data"] = data };
        file.Attributes["n_examples"] = block.Samples;
        try
        {
            using FileStream stream = new(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            using (H5NativeWriter writer = file.BeginWrite(stream))
            {
                int[] samples = new int[samplesInChunk * Rows * sequence];
                for (int first = 0; first < block.Samples; first += samplesInChunk)
                {
                    int count = Math.Min(samplesInChunk, block.Samples - first);
                    for (int i = 0; i < count; i++)
                    {
                        Fill(samples.AsSpan(i * Rows * sequence, Rows * sequence), block.Tokens.Span[((first + i) * sequence)..], sequence, endToken);
                    }

                    writer.Write(
                        data,
                        samples,
                        memorySelection: new HyperslabSelection(0, (ulong)(count * Rows * sequence)),
                        fileSelection: new HyperslabSelection(3, [(ulong)first, 0, 0], [(ulong)count, Rows, (ulong)sequence]));
                }
            }

            stream.Flush(flushToDisk: true);
        }
        catch (TargetInvocationException exception) when (exception.InnerException is { } cause)
        {
            // PureHDF calls itself by reflection, which hides that the disk is full.
            ExceptionDispatchInfo.Throw(cause);
        }
    }

    private static void Fill(Span<int> sample, ReadOnlySpan<int> tokens, int sequence, int endToken)
    {
        Span<int> ids = sample[..sequence];
        Span<int> mask = sample.Slice(sequence, sequence);
        Span<int> labels = sample[(2 * sequence)..];
        int counted = Math.Min(sequence, tokens.Length - 1);
        tokens[..counted].CopyTo(ids);
        tokens.Slice(1, counted).CopyTo(labels);
        mask[..counted].Fill(1);
        ids[counted..].Fill(endToken);
        mask[counted..].Clear();
        labels[counted..].Fill(endToken);
    }

    /// <summary>Holds the chunk that is being filled: PureHDF's own cache would hold the whole dataset, uncompressed.</summary>
    private sealed class OneChunk : IWritingChunkCache
    {
        private ulong index;
        private Memory<byte> chunk;
        private Action<ulong, Memory<byte>>? write;

        public Memory<byte> GetChunk(ulong chunkIndex, Func<Memory<byte>> chunkAllocator, Action<ulong, Memory<byte>> chunkWriter)
        {
            if (write is null || index != chunkIndex)
            {
                // The writer that comes with a chunk writes that one, whatever number it is given: so each is kept for its own.
                write?.Invoke(index, chunk);
                (index, chunk, write) = (chunkIndex, chunkAllocator(), chunkWriter);
            }

            return chunk;
        }

        public void Flush(Action<ulong, Memory<byte>>? chunkWriter = null)
        {
            write?.Invoke(index, chunk);
            write = null;
        }
    }
}
