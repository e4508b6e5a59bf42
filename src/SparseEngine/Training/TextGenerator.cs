using System.Text;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;

namespace SparseEngine.Training;

/// <summary>Continues a text with a byte-level model, token by token.</summary>
/// <remarks>
/// Each token runs the model over the whole context, at most max_position_embeddings bytes of it; positions after the
/// context are padded, which a causal model does not see.
/// </remarks>
public sealed class TextGenerator : IDisposable
{
    private const int Bytes = 256;

    /// <summary>Activations' rows are aligned to this many tokens, so the head can run on the one block that holds the last token.</summary>
    private const int TokenBlock = 16;

    private readonly ComputeDevice device;
    private readonly ParameterSet parameters;
    private readonly GptModel model;
    private readonly Dictionary<int, GptWorkspace> workspaces = [];
    private readonly DeviceMatrix logits;

    private TextGenerator(ComputeDevice device, ModelParameters shape, ParameterSet parameters)
    {
        this.device = device;
        this.parameters = parameters;
        model = new GptModel(device, shape, parameters);
        logits = device.AllocateActivations(shape.VocabularySize, TokenBlock);
    }

    /// <summary>Loads the model of a checkpoint that a run wrote; sparse weights stay sparse.</summary>
    /// <param name="checkpointPath">The checkpoint, which names its model itself.</param>
    /// <param name="device">Where the model runs.</param>
    /// <exception cref="CheckpointException">The checkpoint cannot be read, or does not describe a byte-level model.</exception>
    public static TextGenerator Open(string checkpointPath, ComputeDevice device)
    {
        using CheckpointReader reader = CheckpointReader.Open(checkpointPath);
        ModelParameters shape = (reader.Metadata.TryGetValue(ModelDescription.MetadataKey, out string? json) ? ModelDescription.Read(json) : null)
            ?? throw new CheckpointException($"{checkpointPath}: does not say what model it holds; generation needs a checkpoint_<step>.mdl written by a run");
        if (shape.VocabularySize < Bytes)
        {
            throw new CheckpointException($"{checkpointPath}: its vocabulary has {shape.VocabularySize} entries; generation works on bytes and needs at least {Bytes}");
        }

        return new TextGenerator(device, shape, InferenceParameters.Load(device, shape, reader));
    }

    /// <summary>Continues <paramref name="prompt"/>, giving each byte as soon as it is drawn.</summary>
    /// <param name="prompt">The text to continue, read as UTF-8; an empty one starts after a line break.</param>
    /// <param name="maxTokens">The number of bytes to give.</param>
    /// <param name="temperature">What the logits are divided by before the draw; 0 takes the likeliest byte.</param>
    /// <param name="topK">How many of the likeliest bytes may be drawn; 0 for all.</param>
    /// <param name="seed">The seed of the draws: the same one gives the same text.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    public IEnumerable<byte> Generate(string prompt, int maxTokens, double temperature = 0.8, int topK = 40, int seed = 1)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentOutOfRangeException.ThrowIfNegative(maxTokens);
        ArgumentOutOfRangeException.ThrowIfNegative(temperature);
        ArgumentOutOfRangeException.ThrowIfNegative(topK);
        return Continue([.. prompt.Length == 0 ? "\n"u8 : Encoding.UTF8.GetBytes(prompt)], maxTokens, new TokenSampler(temperature, topK, seed));
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

    private IEnumerable<byte> Continue(List<byte> text, int count, TokenSampler sampler)
    {
        for (int i = 0; i < count; i++)
        {
            byte next = (byte)sampler.Draw(NextLogits(text));
            text.Add(next);
            yield return next;
        }
    }

    /// <summary>The logits of the byte after <paramref name="text"/>.</summary>
    private float[] NextLogits(List<byte> text)
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

    /// <summary>One token's logits; entries beyond the bytes are left out.</summary>
    private float[] LogitsOf(int column)
    {
        float[] all = new float[logits.Buffer.Length];
        logits.Buffer.CopyTo(all);
        float[] values = new float[Bytes];
        for (int token = 0; token < Bytes; token++)
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
