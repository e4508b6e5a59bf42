using System.Runtime.InteropServices;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;

namespace SparseEngine.Inference;

/// <summary>Predicts the next token of one text that grows token by token.</summary>
/// <remarks>
/// The prompt is run once, and what each later token needs of the ones before it, their keys and values, is kept: a token is one column through the
/// model. A text longer than max_position_embeddings is seen through a window of its last tokens. The window moves with each token and gives all of
/// them new positions, so that nothing kept holds any longer and each token runs the model over the window.
/// </remarks>
internal sealed class TokenPredictor : IDisposable
{
    /// <summary>Activations' rows are aligned to this many tokens, so the head can run on the one block that holds the last token.</summary>
    private const int TokenBlock = 16;

    private readonly ComputeDevice device;
    private readonly GptModel model;
    private readonly KeyValueCache cache;
    private readonly GptWorkspace next;
    private readonly DeviceMatrix logits;
    private readonly float[] logitBlock;
    private readonly float[] lastLogits;
    private readonly List<int> text = [];
    private GptWorkspace? window;

    /// <summary>Allocates what the text needs.</summary>
    /// <param name="device">The device that holds the model.</param>
    /// <param name="model">The model.</param>
    /// <param name="longest">The most tokens that the text will have.</param>
    public TokenPredictor(ComputeDevice device, GptModel model, int longest)
    {
        this.device = device;
        this.model = model;
        cache = new KeyValueCache(device, model.Shape, Math.Min(longest, Window));
        next = GptWorkspace.ForNextToken(device, model.Shape, cache);
        logits = device.AllocateActivations(model.Shape.VocabularySize, TokenBlock);
        logitBlock = new float[logits.Buffer.Length];
        lastLogits = new float[model.Shape.VocabularySize];
    }

    private int Window => model.Shape.MaxPositionEmbeddings;

    /// <summary>Adds tokens to the text: first the prompt, then those that follow.</summary>
    /// <param name="tokens">The tokens, at least one.</param>
    /// <returns>The logits of the token after them [vocabulary], valid until the next call.</returns>
    public ReadOnlySpan<float> Append(params ReadOnlySpan<int> tokens)
    {
        text.AddRange(tokens);
        if (text.Count > Window)
        {
            RunWindow();
        }
        else if (cache.Length == 0)
        {
            RunPrompt(tokens);
        }
        else
        {
            foreach (int token in tokens)
            {
                Run(next, [token]);
                cache.Advance(1);
            }
        }

        return lastLogits;
    }

    public void Dispose()
    {
        cache.Dispose();
        next.Dispose();
        window?.Dispose();
        logits.Buffer.Dispose();
    }

    private void RunPrompt(ReadOnlySpan<int> tokens)
    {
        using GptWorkspace prompt = GptWorkspace.ForPrompt(device, model.Shape, cache, tokens.Length);
        Run(prompt, tokens);
        cache.Advance(tokens.Length);
    }

    private void RunWindow()
    {
        if (window is null)
        {
            cache.Dispose();
            window = new GptWorkspace(device, model.Shape, batch: 1, Window, training: false);
        }

        text.RemoveRange(0, text.Count - Window);
        Run(window, CollectionsMarshal.AsSpan(text));
    }

    private void Run(GptWorkspace workspace, ReadOnlySpan<int> tokens)
    {
        workspace.InputIds.CopyFrom(tokens);
        model.Forward(workspace);
        int block = (tokens.Length - 1) / TokenBlock * TokenBlock;
        DeviceMatrix tail = workspace.Normalized with { Offset = workspace.Normalized.Offset + block, Columns = tokens.Length - block };
        model.Logits(tail, logits with { Columns = tail.Columns });
        logits.Buffer.CopyTo(logitBlock);
        for (int token = 0; token < lastLogits.Length; token++)
        {
            lastLogits[token] = logitBlock[logits.Offset + (token * logits.Stride) + tail.Columns - 1];
        }
    }
}
