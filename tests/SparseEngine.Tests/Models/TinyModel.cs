using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Tests.Models;

/// <summary>A model small enough for float64 finite differences of every weight, with weights large enough that all of it matters.</summary>
internal sealed class TinyModel : IWeightSource
{
    public static ModelParameters Shape { get; } = new()
    {
        VocabularySize = 11, HiddenSize = 8, Layers = 2, Heads = 2, FilterSize = 12, MaxPositionEmbeddings = 6,
    };

    public const int BatchSize = 2;

    public const int Sequence = 5;

    /// <summary>Seeded values: every weight random, so that no gradient is zero by symmetry.</summary>
    public void Read(int index, ParameterDefinition parameter, Span<float> dense)
    {
        Random random = new(1000 + index);
        float center = parameter.Shape.Length == 1 && parameter.Name.EndsWith(".weight", StringComparison.Ordinal) ? 1 : 0;
        foreach (ref float weight in dense)
        {
            weight = center + (float)((random.NextDouble() - 0.5) * 0.8);
        }
    }

    /// <summary>Drops about half of each linear weight.</summary>
    public static IMaskSelection HalfOfLinearWeights { get; } =
        new FlaggedMasks((index, parameter) => parameter.CanBeSparse ? Half(index, (int)parameter.Elements) : null);

    public static IMaskSelection Nothing { get; } = new FlaggedMasks((_, _) => null);

    /// <summary>Random tokens; the mask leaves some out.</summary>
    public static Batch RandomBatch(int batchSize = BatchSize, int sequence = Sequence, int seed = 5)
    {
        Random random = new(seed);
        Batch batch = new(batchSize, sequence);
        for (int i = 0; i < batchSize * sequence; i++)
        {
            batch.InputIds[i] = random.Next(Shape.VocabularySize);
            batch.Labels[i] = random.Next(Shape.VocabularySize);
            batch.Mask[i] = random.Next(4) > 0 ? 1 : 0;
        }

        return batch;
    }

    public static ParameterSet Parameters(ComputeDevice device, ModelParameters shape, IMaskSelection masks) =>
        ParameterSet.Build(device, GptArchitecture.Parameters(shape), new TinyModel(), masks, trainable: true);

    private static bool[] Half(int index, int length)
    {
        Random random = new(2000 + index);
        bool[] keep = new bool[length];
        for (int i = 0; i < length; i++)
        {
            keep[i] = random.Next(2) == 0;
        }

        return keep;
    }
}
