using System.Collections.Immutable;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using SparseEngine.Checkpoints.HuggingFace.Layouts;
using SparseEngine.Configuration;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>The output head and the token table of a Hugging Face model: in a tied model one tensor, under either name or under both.</summary>
internal sealed class OutputHead
{
    private readonly CheckpointReader reader;
    private readonly LayoutNames names;
    private readonly string config;
    private readonly bool isTied;
    private readonly string prefix;
    private readonly string table;

    /// <summary>Finds them.</summary>
    /// <param name="reader">The file.</param>
    /// <param name="names">What the layout calls its tensors.</param>
    /// <param name="config">The path of its config.json, for messages.</param>
    /// <param name="model">What that says.</param>
    public OutputHead(CheckpointReader reader, LayoutNames names, string config, ModelParameters model)
    {
        this.reader = reader;
        this.names = names;
        this.config = config;
        isTied = model.ShareEmbeddingWeights;
        prefix = reader.Names.Any(name => name.StartsWith(names.Prefix, StringComparison.Ordinal)) ? names.Prefix : "";
        string ordinary = prefix + names.WordEmbeddings;
        table = isTied && !reader.Contains(ordinary) && reader.Contains(Head) ? Head : ordinary;
    }

    private string Head => $"{names.Head}.weight";

    /// <summary>A tensor's name in a file.</summary>
    /// <param name="names">What the layout calls its tensors.</param>
    /// <param name="name">Its name without prefix.</param>
    /// <param name="prefix">The file's prefix: the layout's, or nothing where the file is that of a model without its head.</param>
    public static string NameInFile(LayoutNames names, string name, string prefix) =>
        name.StartsWith($"{names.Head}.", StringComparison.Ordinal) ? name : prefix + name;

    /// <summary>The name that a tensor has in the file.</summary>
    public string NameInFile(LayoutTensor tensor) => tensor.Name == names.WordEmbeddings ? table : NameInFile(names, tensor.Name, prefix);

    /// <summary>Whether a tensor is a tied model's head beside its token table, of which Hugging Face itself uses the table.</summary>
    public bool IsLeftOut(string nameInFile) => isTied && nameInFile == Head;

    /// <summary>Warns where what is left out is another head than the token table.</summary>
    public ImmutableArray<string> Warnings(CancellationToken stop)
    {
        bool hasBoth = isTied && table != Head && reader.Contains(Head);
        return hasBoth && !AreEqual(stop)
            ? [$"{reader.Path}: {Head} differs from {table} and was left out: {config} makes the model a tied one, "
                + "by tie_word_embeddings: true or without it; "
                + "if the head is one of its own, write \"tie_word_embeddings\": false there and convert anew"]
            : [];
    }

    // By their hashes, so that one of them is in memory at a time.
    private bool AreEqual(CancellationToken stop)
    {
        if (!reader.Shape(table).SequenceEqual(reader.Shape(Head)))
        {
            return false;
        }

        float[] values = new float[reader.Elements(table)];
        return Hash(table, values, stop) == Hash(Head, values, stop);
    }

    private UInt128 Hash(string name, float[] values, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        reader.Read(name, values);
        return XxHash128.HashToUInt128(MemoryMarshal.AsBytes<float>(values));
    }
}
