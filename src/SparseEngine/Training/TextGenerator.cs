using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Data.Tokenizers;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;

namespace SparseEngine.Training;

/// <summary>Continues a text with a model, token by token.</summary>
/// <remarks>
/// Each token runs the model over the whole context, at most max_position_embeddings tokens of it; positions after the
/// context are padded, which a causal model does not see.
/// </remarks>
public sealed class TextGenerator : IDisposable
{
    /// <summary>Activations' rows are aligned to this many tokens, so the head can run on the one block that holds the last token.</summary>
    private const int TokenBlock = 16;

    private readonly ComputeDevice device;
    private readonly ParameterSet parameters;
    private readonly GptModel model;
    private readonly ITokenizer tokenizer;
    private readonly Dictionary<int, GptWorkspace> workspaces = [];
    private readonly DeviceMatrix logits;

    private TextGenerator(ComputeDevice device, ModelParameters shape, ParameterSet parameters, ITokenizer tokenizer)
    {
        this.tokenizer = tokenizer;
        this.device = device;
        this.parameters = parameters;
        model = new GptModel(device, shape, parameters);
        logits = device.AllocateActivations(shape.VocabularySize, TokenBlock);
    }

    /// <summary>Loads the model of a checkpoint that a run wrote; sparse weights stay sparse.</summary>
    /// <param name="checkpointPath">The checkpoint, which names its model itself.</param>
    /// <param name="device">Where the model runs.</param>
    /// <param name="tokenizer">What the model was trained on; null for bytes.</param>
    /// <exception cref="CheckpointException">The checkpoint cannot be read, does not describe a model, or one with fewer tokens than the tokenizer has.</exception>
    public static TextGenerator Open(string checkpointPath, ComputeDevice device, ITokenizer? tokenizer = null)
    {
        tokenizer ??= Tokenizer.Open(Tokenizer.Byte);
        using CheckpointReader reader = CheckpointReader.Open(checkpointPath);
        ModelParameters shape = (reader.Metadata.TryGetValue(ModelDescription.MetadataKey, out string? json) ? ModelDescription.Read(json) : null)
            ?? throw new CheckpointException($"{checkpointPath}: does not say what model it holds; generation needs a checkpoint_<step>.mdl written by a run");

        // A model that was not trained on documents, such as one of TextDataProcessor, has no use for the end.
        int needed = tokenizer.EndToken == tokenizer.VocabularySize - 1 ? tokenizer.EndToken : tokenizer.VocabularySize;
        if (shape.VocabularySize < needed)
        {
            throw new CheckpointException($"{checkpointPath}: its vocabulary has {shape.VocabularySize} entries; the tokenizer {tokenizer.Name} needs at least {needed}");
        }

        return new TextGenerator(device, shape, InferenceParameters.Load(device, shape, reader), tokenizer);
    }

    /// <summary>Continues <paramref name="prompt"/>, giving the bytes of each token as soon as it is drawn, up to the end of a document.</summary>
    /// <param name="prompt">The text to continue; an empty one starts a document, or a line where the model knows no documents.</param>
    /// <param name="maxTokens">The most tokens to draw.</param>
    /// <param name="temperature">What the logits are divided by before the draw; 0 takes the likeliest token.</param>
    /// <param name="topK">How many of the likeliest tokens may be drawn; 0 for all.</param>
    /// <param name="seed">The seed of the draws: the same one gives the same text.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    /// <exception cref="DataException">A character of the prompt is outside the vocabulary.</exception>
    public IEnumerable<byte> Generate(string prompt, int maxTokens, double temperature = 0.8, int topK = 40, int seed = 1)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentOutOfRangeException.ThrowIfNegative(maxTokens);
        ArgumentOutOfRangeException.ThrowIfNegative(temperature);
        ArgumentOutOfRangeException.ThrowIfNegative(topK);
        List<int> text = [];
        if (prompt.Length == 0 && tokenizer.EndToken < model.Shape.VocabularySize)
        {
            text.Add(tokenizer.EndToken);
        }
        else
        {
            tokenizer.Encode(prompt.Length == 0 ? "\n" : prompt, text);
        }

        return Continue(text, maxTokens, new TokenSampler(temperature, topK, seed));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (GptWorkspace workspace in workspaces.Values)
        {
            workspace.Dispose();
        }

        logits.Buffer.Dispose();
        parameters.Dispose();
    }

    private IEnumerable<byte> Continue(List<int> text, int count, TokenSampler sampler)
    {
        for (int i = 0; i < count; i++)
        {
            int next = sampler.Draw(NextLogits(text));
            if (next == tokenizer.EndToken)
            {
                yield break;
            }

            text.Add(next);
            foreach (byte value in tokenizer.Bytes(next).ToArray())
            {
                yield return value;
            }
        }
    }

    /// <summary>The logits of the token after <paramref name="text"/>.</summary>
    private float[] NextLogits(List<int> text)
    {
        int limit = model.Shape.MaxPositionEmbeddings;
        int context = Math.Min(text.Count, limit);
        GptWorkspace workspace = WorkspaceFor(context, limit);
        int[] ids = new int[workspace.Tokens];
        for (int i = 0; i < context; i++)
        {
            ids[i] = text[text.Count - context + i];
        }

        workspace.InputIds.CopyFrom(ids);
        model.Forward(workspace);
        int last = context - 1;
        int block = last / TokenBlock * TokenBlock;
        int columns = Math.Min(TokenBlock, workspace.Tokens - block);
        DeviceMatrix tail = workspace.Normalized with { Offset = workspace.Normalized.Offset + block, Columns = columns };
        model.Logits(tail, logits with { Columns = columns });
        return LogitsOf(last - block);
    }

    /// <summary>One token's logits; entries beyond the tokenizer's are left out.</summary>
    private float[] LogitsOf(int column)
    {
        float[] all = new float[logits.Buffer.Length];
        logits.Buffer.CopyTo(all);
        float[] values = new float[Math.Min(tokenizer.VocabularySize, model.Shape.VocabularySize)];
        for (int token = 0; token < values.Length; token++)
        {
            values[token] = all[logits.Offset + (token * logits.Stride) + column];
        }

        return values;
    }

    /// <summary>Activations for a context, its length rounded up to a power of two so that few are ever allocated.</summary>
    private GptWorkspace WorkspaceFor(int context, int limit)
    {
        int length = TokenBlock;
        while (length < context)
        {
            length *= 2;
        }

        length = Math.Min(length, limit);
        if (!workspaces.TryGetValue(length, out GptWorkspace? workspace))
        {
            workspace = new GptWorkspace(device, model.Shape, batch: 1, length, training: false);
            workspaces.Add(length, workspace);
        }

        return workspace;
    }
}
