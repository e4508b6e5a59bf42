using System.Collections.Immutable;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using SparseEngine.Configuration;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>The output head and the token table of a Hugging Face GPT-2: in a tied model one tensor, under either name or under both.</summary>
internal sealed class Gpt2Head
{
    private readonly CheckpointReader reader;
    private readonly string config;
    private readonly bool isTied;
    private readonly string prefix;
    private readonly string table;

    /// <summary>Finds them.</summary>
    /// <param name="reader">The file.</param>
    /// <param name="prefix">What stands before its names.</param>
    /// <param name="config">The path of its config.json, for messages.</param>
    /// <param name="model">What that says.</param>
    public Gpt2Head(CheckpointReader reader, string prefix, string config, ModelParameters model)
    {
        this.reader = reader;
        this.prefix = prefix;
        this.config = config;
        isTied = model.ShareEmbeddingWeights;
        string ordinary = Gpt2Layout.NameInFile(Gpt2Layout.WordEmbeddings, prefix);
        table = isTied && !reader.Contains(ordinary) && reader.Contains(Gpt2Layout.Head) ? Gpt2Layout.Head : ordinary;
    }

    /// <summary>The name that a tensor has in the file.</summary>
    public string NameInFile(Gpt2Tensor tensor) => tensor.Name == Gpt2Layout.WordEmbeddings ? table : Gpt2Layout.NameInFile(tensor.Name, prefix);

    /// <summary>Whether a tensor is a tied model's head beside its token table, of which Hugging Face itself uses the table.</summary>
    public bool IsLeftOut(string nameInFile) => isTied && nameInFile == Gpt2Layout.Head;

    /// <summary>Warns where what is left out is another head than the token table.</summary>
    public ImmutableArray<string> Warnings(CancellationToken stop)
    {
        bool hasBoth = isTied && table != Gpt2Layout.Head && reader.Contains(Gpt2Layout.Head);
        return hasBoth && !AreEqual(stop)
            ? [$"{reader.Path}: {Gpt2Layout.Head} differs from {table} and was left out: {config} makes the model a tied one, "
                + "by tie_word_embeddings: true or without it; "
                + "if the head is one of its own, write \"tie_word_embeddings\": false there and convert anew"]
            : [];
    }

    // By their hashes, so that one of them is in memory at a time.
    private bool AreEqual(CancellationToken stop)
    {
        if (!reader.Shape(table).SequenceEqual(reader.Shape(Gpt2Layout.Head)))
        {
            return false;
        }

        float[] values = new float[reader.Elements(table)];
        return Hash(table, values, stop) == Hash(Gpt2Layout.Head, values, stop);
    }

    private UInt128 Hash(string name, float[] values, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        reader.Read(name, values);
        return XxHash128.HashToUInt128(MemoryMarshal.AsBytes<float>(values));
    }
}
