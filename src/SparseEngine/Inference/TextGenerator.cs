using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Data.Tokenizers;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;

namespace SparseEngine.Inference;

/// <summary>Continues a text with a model, token by token.</summary>
/// <remarks>
/// The prompt runs once and then each token alone, over the keys and values that are kept of those before it; once the text is longer than
/// max_position_embeddings, each token runs the model over the last that many.
/// </remarks>
public sealed class TextGenerator : IDisposable
{
    private readonly ComputeDevice device;
    private readonly GptModel model;
    private readonly ITokenizer tokenizer;
    private readonly IDisposable? owned;

    /// <summary>Continues texts with a model that is there.</summary>
    /// <param name="device">The device that holds it.</param>
    /// <param name="model">The model, as it is at each call.</param>
    /// <param name="tokenizer">What it is trained on; its vocabulary may be larger than the model's.</param>
    /// <param name="owned">What goes with the generator; null for nothing.</param>
    internal TextGenerator(ComputeDevice device, GptModel model, ITokenizer tokenizer, IDisposable? owned = null)
    {
        this.device = device;
        this.model = model;
        this.tokenizer = tokenizer;
        this.owned = owned;
    }

    /// <summary>Loads the model of a checkpoint that a run or a conversion wrote; sparse weights stay sparse.</summary>
    /// <param name="checkpointPath">The checkpoint, which names its model itself.</param>
    /// <param name="device">Where the model runs.</param>
    /// <param name="tokenizer">What the model was trained on; null for bytes.</param>
    /// <exception cref="CheckpointException">
    /// The checkpoint cannot be read, does not describe a model, or one with fewer tokens than the tokenizer has.
    /// </exception>
    public static TextGenerator Open(string checkpointPath, ComputeDevice device, ITokenizer? tokenizer = null)
    {
        tokenizer ??= Tokenizer.Open(Tokenizer.Byte);
        using CheckpointReader reader = CheckpointReader.Open(checkpointPath);
        ModelParameters shape = CheckpointModel.Of(reader)
            ?? throw new CheckpointException(
                $"{checkpointPath}: does not say what model it holds; generation needs a checkpoint written by a run or by convert");

        // A model that was not trained on documents, such as one of TextDataProcessor, has no use for the end.
        int needed = tokenizer.EndToken == tokenizer.VocabularySize - 1 ? tokenizer.EndToken : tokenizer.VocabularySize;
        if (shape.VocabularySize < needed)
        {
            throw new CheckpointException(
                $"{checkpointPath}: its vocabulary has {shape.VocabularySize} entries; the tokenizer {tokenizer.Name} needs at least {needed}");
        }

        ParameterSet parameters = InferenceParameters.Load(device, shape, reader);
        return new TextGenerator(device, new GptModel(device, shape, parameters), tokenizer, parameters);
    }

    /// <summary>Continues <paramref name="prompt"/>, giving the bytes of each token as soon as it is drawn, up to the end of a document.</summary>
    /// <param name="prompt">The text to continue; an empty one starts a document, or a line where the model knows no documents.</param>
    /// <param name="maxTokens">The most tokens to draw.</param>
    /// <param name="temperature">What the logits are divided by before the draw; 0 takes the likeliest token.</param>
    /// <param name="topK">How many of the likeliest tokens may be drawn; 0 for all.</param>
    /// <param name="topP">The share of probability that is drawn from: the fewest of these tokens that reach it, in (0, 1]; 1 for all.</param>
    /// <param name="seed">The seed of the draws: the same one gives the same text.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    /// <exception cref="DataException">A character of the prompt is outside the vocabulary.</exception>
    public IEnumerable<byte> Generate(string prompt, int maxTokens, double temperature = 0.8, int topK = 40, double topP = 1, int seed = 1)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentOutOfRangeException.ThrowIfNegative(maxTokens);
        ArgumentOutOfRangeException.ThrowIfNegative(temperature);
        ArgumentOutOfRangeException.ThrowIfNegative(topK);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(topP);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(topP, 1);
        List<int> text = [];
        if (prompt.Length == 0 && tokenizer.EndToken < model.Shape.VocabularySize)
        {
            text.Add(tokenizer.EndToken);
        }
        else
        {
            tokenizer.Encode(prompt.Length == 0 ? "\n" : prompt, text);
        }

        return Continue([.. text], maxTokens, () => new TokenSampler(temperature, topK, topP, seed));
    }

    /// <inheritdoc/>
    public void Dispose() => owned?.Dispose();

    private IEnumerable<byte> Continue(int[] prompt, int count, Func<TokenSampler> start)
    {
        // Entries of the vocabulary beyond the tokenizer's are never drawn.
        int known = Math.Min(tokenizer.VocabularySize, model.Shape.VocabularySize);
        TokenSampler sampler = start();
        using TokenPredictor predictor = new(device, model, (int)Math.Min((long)prompt.Length + count, int.MaxValue));
        int[] added = prompt;
        for (int i = 0; i < count; i++)
        {
            int next = sampler.Draw(predictor.Append(added)[..known]);
            if (next == tokenizer.EndToken)
            {
                yield break;
            }

            foreach (byte value in tokenizer.Bytes(next).ToArray())
            {
                yield return value;
            }

            added = [next];
        }
    }
}
