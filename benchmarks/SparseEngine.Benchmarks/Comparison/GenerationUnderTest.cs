using SparseEngine.Accounting;
using SparseEngine.Inference;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>A model of some size that continues a text of random tokens by the likeliest ones.</summary>
internal sealed class GenerationUnderTest : IDisposable
{
    private readonly ParameterSet parameters;
    private readonly TokenPredictor predictor;
    private readonly TokenSampler sampler = new(temperature: 0, topK: 0, topP: 1, seed: 0);
    private int next;

    /// <summary>Builds it and runs the prompt.</summary>
    /// <param name="device">The device.</param>
    /// <param name="size">The model; its sequence is the longest text.</param>
    /// <param name="zeros">The share of zeros in the decoder's weights, in percent.</param>
    /// <param name="prompt">Tokens of the prompt.</param>
    public GenerationUnderTest(ComputeDevice device, StepSize size, int zeros, int prompt)
    {
        PlannedMasks masks = new(device, size.Plan(zeros));
        parameters = ParameterSet.Build(
            device, GptArchitecture.Parameters(size.Model), new InitialWeights(seed: 1), masks, trainable: false);
        predictor = new TokenPredictor(device, new GptModel(device, size.Model, parameters), size.Sequence);
        Random random = new(1);
        next = sampler.Draw(predictor.Append([.. Enumerable.Range(0, prompt).Select(_ => random.Next(size.Vocabulary))]));
    }

    /// <summary>Bytes that a token cannot do without: weights with their columns, and the keys and values of the text before it.</summary>
    /// <param name="size">The model.</param>
    /// <param name="zeros">The share of zeros in the decoder's weights, in percent.</param>
    /// <param name="text">Tokens of that text.</param>
    public static long BytesPerToken(StepSize size, int zeros, int text)
    {
        long weights = ModelStorage.Of(size.Model, size.Plan(zeros), optimizer: null).WeightBytes.Stored;

        // Of the table of positions it is one row; that of tokens is the head's weight, too.
        long positions = sizeof(float) * (long)size.Hidden * (size.Sequence - 1);
        return weights - positions + (2L * sizeof(float) * size.Layers * size.Hidden * text);
    }

    /// <summary>Adds tokens to the text, one by one.</summary>
    public void Generate(int tokens)
    {
        for (int i = 0; i < tokens; i++)
        {
            next = sampler.Draw(predictor.Append(next));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        predictor.Dispose();
        parameters.Dispose();
    }
}
