using System.Reflection;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Tests.Checkpoints;

public class ModelKeysTests
{
    /// <summary>What may differ between a checkpoint and the run that goes on from it.</summary>
    private static readonly string[] TrainingAlone =
    [
        nameof(ModelParameters.DropoutRate), nameof(ModelParameters.EmbeddingDropoutRate), nameof(ModelParameters.AttentionDropoutRate),
        nameof(ModelParameters.InitializerRange), nameof(ModelParameters.EmbeddingInitializer), nameof(ModelParameters.Initializer),
        nameof(ModelParameters.OutputLayerInitializer), nameof(ModelParameters.LossScaling), nameof(ModelParameters.LossWeight),
        nameof(ModelParameters.ComputeEvalMetrics),
    ];

    private static readonly ModelParameters Model = new() { VocabularySize = 8, HiddenSize = 4, Layers = 1, Heads = 1, FilterSize = 8 };

    [Fact]
    public void Every_property_of_a_model_is_compared_or_concerns_training_alone()
    {
        foreach (PropertyInfo property in typeof(ModelParameters).GetProperties().Where(property => property.CanWrite))
        {
            ModelParameters other = Model with { };
            property.SetValue(other, Changed(property.GetValue(other), property.PropertyType));

            Assert.Equal(TrainingAlone.Contains(property.Name) ? 0 : 1, ModelKeys.Differences(Model, other).Count());
        }
    }

    [Fact]
    public void The_number_of_positions_matters_only_with_a_table_of_them()
    {
        ModelParameters without = Model with { PositionEmbedding = PositionEmbedding.None };

        Assert.Empty(ModelKeys.Differences(without, without with { MaxPositionEmbeddings = 3 }));
        Assert.Equal([("max_position_embeddings", "1024", "3")], ModelKeys.Differences(Model, Model with { MaxPositionEmbeddings = 3 }));
    }

    private static object Changed(object? value, Type type) => value switch
    {
        int number => number + 1,
        double number => number + 0.25,
        bool flag => !flag,
        Activation => Activation.Relu,
        LossScaling => LossScaling.BatchSize,
        null when type == typeof(InitializerParameters) => new InitializerParameters(InitializerKind.Constant, 1, 0, 0, 0),
        _ => throw new NotSupportedException($"{type}"),
    };
}
