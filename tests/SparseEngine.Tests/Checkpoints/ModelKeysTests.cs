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
        nameof(ModelParameters.ComputeEvalMetrics), nameof(ModelParameters.MupBaseFilterSize),
    ];

    /// <summary>What matters only beside another setting, each tested by itself.</summary>
    private static readonly string[] Dependent =
    [
        nameof(ModelParameters.QueryKeyNormEpsilon), nameof(ModelParameters.MupBaseHiddenSize), nameof(ModelParameters.OutputLogitsAlpha),
        nameof(ModelParameters.ScaleOutputLogitsByWidth), nameof(ModelParameters.Rotary),
    ];

    private static readonly ModelParameters Model = new() { VocabularySize = 8, HiddenSize = 4, Layers = 1, Heads = 2, FilterSize = 8 };

    [Fact]
    public void Every_property_of_a_model_is_compared_or_concerns_training_alone()
    {
        foreach (PropertyInfo property in typeof(ModelParameters).GetProperties().Where(property => property.CanWrite))
        {
            if (Dependent.Contains(property.Name))
            {
                continue;
            }

            ModelParameters other = Model with { };
            property.SetValue(other, Changed(property));

            int expected = TrainingAlone.Contains(property.Name) ? 0 : 1;
            Assert.Equal((property.Name, expected), (property.Name, ModelKeys.Differences(Model, other).Count()));
        }
    }

    [Fact]
    public void The_number_of_positions_matters_only_with_a_table_of_them()
    {
        ModelParameters without = Model with { PositionEmbedding = PositionEmbedding.None };

        Assert.Empty(ModelKeys.Differences(without, without with { MaxPositionEmbeddings = 3 }));
        Assert.Equal([("max_position_embeddings", "1024", "3")], ModelKeys.Differences(Model, Model with { MaxPositionEmbeddings = 3 }));
    }

    [Fact]
    public void Rotary_positions_are_compared_setting_by_setting()
    {
        ModelParameters rotary = Model with { PositionEmbedding = PositionEmbedding.Rotary, Rotary = new RotaryParameters(2) };

        Assert.Equal([("position_embedding_type", "learned", "rotary")], ModelKeys.Differences(Model, rotary));
        Assert.Equal(
            [("use_position_embedding", "true", "false")],
            ModelKeys.Differences(rotary, Model with { PositionEmbedding = PositionEmbedding.None }));
        Assert.Equal(
            [("rotary_dim", "2", "4"), ("rope_theta", "10000.0", "500000.0")],
            ModelKeys.Differences(rotary, rotary with { Rotary = new RotaryParameters(4, 5e5) }));
        Assert.Equal(
            [
                ("pos_scaling_type", "linear", "llama3"),
                ("pos_scaling_extra_args", "null", "{low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192}"),
            ],
            ModelKeys.Differences(rotary, rotary with { Rotary = rotary.Rotary with { Llama3 = new Llama3Scaling() } }));
    }

    [Fact]
    public void Groups_and_sizes_that_come_to_the_same_are_the_same()
    {
        Assert.Empty(ModelKeys.Differences(Model, Model with { KeyValueGroups = 2, AttentionInnerSize = 4 }));
        Assert.Equal(
            [("attention_inner_dim", "null", "8"), ("extra_attention_params", "null", "{num_kv_groups: 1}")],
            ModelKeys.Differences(Model, Model with { KeyValueGroups = 1, AttentionInnerSize = 8 }));
    }

    [Fact]
    public void The_settings_of_logits_matter_by_their_product()
    {
        ModelParameters mup = Model with { MupBaseHiddenSize = 2, MupBaseFilterSize = 4 };

        Assert.Equal([("mup_base_hidden_size", "null", "2.0")], ModelKeys.Differences(Model, mup));
        Assert.Equal([("output_logits_alpha", "1.0", "3.0")], ModelKeys.Differences(mup, mup with { OutputLogitsAlpha = 3 }));
        Assert.Equal([("scale_output_logits_by_d", "true", "false")], ModelKeys.Differences(mup, mup with { ScaleOutputLogitsByWidth = false }));
        Assert.Empty(ModelKeys.Differences(mup, mup with { MupBaseHiddenSize = 1, OutputLogitsAlpha = 2 }));
        Assert.Empty(ModelKeys.Differences(Model, Model with { OutputLogitsAlpha = 3, ScaleOutputLogitsByWidth = false }));
    }

    [Fact]
    public void The_epsilon_of_a_normalization_matters_where_there_is_one()
    {
        ModelParameters normed = Model with { QueryKeyNorm = NormKind.RmsNorm };

        Assert.Empty(ModelKeys.Differences(Model, Model with { QueryKeyNormEpsilon = 1 }));
        Assert.Equal([("attention_qk_norm_layer", "null", "rmsnorm")], ModelKeys.Differences(Model, normed));
        Assert.Equal([("attention_qk_norm_eps", "1.0e-05", "1.0")], ModelKeys.Differences(normed, normed with { QueryKeyNormEpsilon = 1 }));
    }

    private static object Changed(PropertyInfo property) => property.GetValue(Model) switch
    {
        int number => number + 1,
        double number => number + 0.25,
        bool flag => !flag,
        Activation => Activation.Relu,
        LossScaling => LossScaling.BatchSize,
        PositionEmbedding => PositionEmbedding.Alibi,
        NormKind => NormKind.RmsNorm,
        null when property.PropertyType == typeof(InitializerParameters) => new InitializerParameters(InitializerKind.Constant, 1, 0, 0, 0),
        null when property.PropertyType == typeof(int?) => 1,
        null when property.PropertyType == typeof(double?) => 2.0,
        null when property.PropertyType == typeof(NormKind?) => NormKind.RmsNorm,
        _ => throw new NotSupportedException($"{property.PropertyType}"),
    };
}
