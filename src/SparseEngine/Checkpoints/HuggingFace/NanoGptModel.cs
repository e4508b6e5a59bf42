using System.Globalization;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>The model that the <c>model_args</c> of a nanoGPT checkpoint describe.</summary>
internal static class NanoGptModel
{
    /// <summary>What errors call the description.</summary>
    public const string Description = "its model_args";

    private const string Arguments = "model_args.";

    /// <summary>Whether a checkpoint has the description, and the tensors of nanoGPT's GPT.</summary>
    public static bool IsOne(CheckpointReader reader) =>
        reader.Metadata.ContainsKey($"{Arguments}n_layer") && reader.Contains(NanoGptLayout.PositionEmbeddings);

    /// <summary>Reads the description.</summary>
    /// <param name="reader">The checkpoint.</param>
    /// <param name="isTied">Whether the head is the token table.</param>
    /// <exception cref="CheckpointException">A size is missing, or is that of no model.</exception>
    public static ModelParameters Read(CheckpointReader reader, bool isTied)
    {
        bool bias = Flag(reader, "bias");
        double dropout = Dropout(reader);
        int hidden = Size(reader, "n_embd");
        int heads = Size(reader, "n_head");
        if (hidden % heads != 0 || hidden > int.MaxValue / 4)
        {
            throw Invalid(reader, "n_head", $"a divisor of n_embd, {hidden}");
        }

        return new ModelParameters
        {
            VocabularySize = Size(reader, "vocab_size"),
            MaxPositionEmbeddings = Size(reader, "block_size"),
            HiddenSize = hidden,
            Layers = Size(reader, "n_layer"),
            Heads = heads,
            FilterSize = 4 * hidden,
            Nonlinearity = Activation.Gelu,
            Norm = bias ? NormKind.LayerNorm : NormKind.BiaslessLayerNorm,
            UseProjectionBiasInAttention = bias,
            UseFfnBiasInAttention = bias,
            UseFfnBias = bias,
            ShareEmbeddingWeights = isTied,
            DropoutRate = dropout,
            EmbeddingDropoutRate = dropout,
            AttentionDropoutRate = dropout,
        };
    }

    private static int Size(CheckpointReader reader, string key) =>
        int.TryParse(Text(reader, key), NumberStyles.None, CultureInfo.InvariantCulture, out int size) && size > 0
            ? size
            : throw Invalid(reader, key, "a number from 1 on");

    // Checkpoints of before there was a choice lack it, and have biases.
    private static bool Flag(CheckpointReader reader, string key) => Text(reader, key) switch
    {
        null or "true" => true,
        "false" => false,
        _ => throw Invalid(reader, key, "True, False"),
    };

    private static double Dropout(CheckpointReader reader) =>
        Text(reader, "dropout") is not { } text ? 0
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double rate) && rate is >= 0 and < 1 ? rate
        : throw Invalid(reader, "dropout", "a number in [0, 1)");

    private static string? Text(CheckpointReader reader, string key) => reader.Metadata.GetValueOrDefault(Arguments + key);

    private static CheckpointException Invalid(CheckpointReader reader, string key, string valid) =>
        new($"{reader.Path}: {Arguments}{key} is {Text(reader, key) ?? "missing"}; valid: {valid}");
}
