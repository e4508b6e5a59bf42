using SparseEngine.Configuration.Yaml;
using static System.FormattableString;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads how a model knows positions: learned or fixed tables, rotary, ALiBi, and their scaling for longer sequences.</summary>
internal static class PositionSection
{
    /// <summary>The key that says which of them.</summary>
    public const string TypeKey = "position_embedding_type";

    private const string DimensionsKey = "rotary_dim";
    private const string ThetaKey = "rope_theta";
    private const string ScalingTypeKey = "pos_scaling_type";
    private const string ScalingArgumentsKey = "pos_scaling_extra_args";
    private const double ShareInModelZoo = 0.25;

    /// <summary>The words for them.</summary>
    public static readonly Choices<PositionEmbedding> Types = new(
        ("learned", PositionEmbedding.Learned), ("fixed", PositionEmbedding.Fixed), ("rotary", PositionEmbedding.Rotary),
        ("alibi", PositionEmbedding.Alibi), ("none", PositionEmbedding.None));

    // The value says whether only low frequencies are slowed down, as for Llama 3.1.
    private static readonly Choices<bool> ScalingTypes = new(("linear", false), ("llama3", true));

    /// <summary>Reads the keys.</summary>
    /// <param name="section">The model section, whose sizes have been read.</param>
    /// <param name="model">What is known of the model: its sizes and its class's defaults.</param>
    /// <param name="nullIsNone">Whether null in place of the type is a model without positions, as in Model Zoo 2.x.</param>
    public static ModelParameters Read(SectionReader section, ModelParameters model, bool nullIsNone)
    {
        PositionEmbedding type = ReadType(section, model.PositionEmbedding, nullIsNone);
        RotaryParameters? rotary = null;
        if (type is PositionEmbedding.Rotary)
        {
            rotary = ReadRotary(section, model);
        }
        else
        {
            WarnOfRotaryKeys(section, type);
        }

        return model with
        {
            MaxPositionEmbeddings = section.Integer("max_position_embeddings", minimum: 1) ?? model.MaxPositionEmbeddings,
            PositionEmbedding = type,
            Rotary = rotary,
            PositionScalingFactor = section.Number("pos_scaling_factor", Interval.Positive) ?? model.PositionScalingFactor,
        };
    }

    private static PositionEmbedding ReadType(SectionReader section, PositionEmbedding byDefault, bool nullIsNone)
    {
        PositionEmbedding type = section.Value(TypeKey) is { } value ? value.AsChoice(Types, "relative") ?? byDefault
            : nullIsNone && section.Mentions(TypeKey) ? PositionEmbedding.None
            : byDefault;
        if (section.Boolean("use_position_embedding") is not false)
        {
            return type;
        }

        if (section.Has(TypeKey) && section.IsValid(TypeKey) && type is not (PositionEmbedding.Learned or PositionEmbedding.None))
        {
            section.Warn(TypeKey, $"is {Types.NameOf(type)}, but use_position_embedding is false: the model has no positions");
        }

        return PositionEmbedding.None;
    }

    private static RotaryParameters ReadRotary(SectionReader section, ModelParameters model)
    {
        int dimensions = section.Integer(DimensionsKey, minimum: 2) ?? DefaultDimensions(section, model);
        RotaryParameters rotary = new(dimensions);
        rotary = rotary with { Theta = section.Number(ThetaKey, Interval.Positive) ?? rotary.Theta };
        if (ReadScalingType(section))
        {
            return rotary with { Llama3 = ReadLlama3(section.Section(ScalingArgumentsKey, "a map of settings")) };
        }

        if (section.Value(ScalingArgumentsKey) is { Node: not YamlMapping { Entries.Count: 0 } } arguments && section.IsValid(ScalingTypeKey))
        {
            arguments.Warn($"has no effect with {ScalingTypeKey} linear");
        }

        return rotary;
    }

    /// <summary>A quarter of a head, as in the Model Zoo, where that can be turned in pairs.</summary>
    private static int DefaultDimensions(SectionReader section, ModelParameters model)
    {
        int dimensions = (int)(model.HiddenSize / model.Heads * ShareInModelZoo);
        bool isKnown = !section.Has(DimensionsKey) && section.IsSettled("hidden_size") && section.IsSettled("num_heads");
        if (isKnown && (dimensions < 2 || dimensions % 2 != 0))
        {
            section.Error(DimensionsKey, $"is missing, and a quarter of a head, {dimensions}, is not even; valid: an even number of at least 2");
        }

        return dimensions;
    }

    private static bool ReadScalingType(SectionReader section) =>
        section.Value(ScalingTypeKey)?.AsChoice(ScalingTypes, "yarn", "longrope") ?? false;

    private static Llama3Scaling ReadLlama3(SectionReader? arguments)
    {
        Llama3Scaling scaling = new();
        if (arguments is null)
        {
            return scaling;
        }

        scaling = new Llama3Scaling(
            arguments.Number("low_freq_factor", Interval.Positive) ?? scaling.LowFrequencyFactor,
            arguments.Number("high_freq_factor", Interval.Positive) ?? scaling.HighFrequencyFactor,
            arguments.Integer("original_max_position_embeddings", minimum: 1) ?? scaling.OriginalPositions);
        if (scaling.LowFrequencyFactor >= scaling.HighFrequencyFactor
            && arguments.IsValid("low_freq_factor") && arguments.IsValid("high_freq_factor"))
        {
            arguments.Error(
                arguments.Has("low_freq_factor") ? "low_freq_factor" : "high_freq_factor",
                Invariant($"leaves low_freq_factor {scaling.LowFrequencyFactor} not below high_freq_factor {scaling.HighFrequencyFactor}; ")
                + "valid: the low one below the high one");
        }

        arguments.Finish();
        return scaling;
    }

    /// <summary>Keys of rotary positions say nothing of a model without them.</summary>
    private static void WarnOfRotaryKeys(SectionReader section, PositionEmbedding type)
    {
        section.Integer(DimensionsKey, minimum: 2);
        double theta = section.Number(ThetaKey, Interval.Positive) ?? new RotaryParameters(0).Theta;
        bool isLlama3 = ReadScalingType(section);
        section.Value(ScalingArgumentsKey);
        foreach (string key in (IEnumerable<string>)[DimensionsKey, .. theta == new RotaryParameters(0).Theta ? [] : (string[])[ThetaKey]])
        {
            if (section.Has(key) && section.IsValid(key))
            {
                section.Warn(key, $"has no effect with {TypeKey} {Types.NameOf(type)}");
            }
        }

        if (isLlama3 && type is PositionEmbedding.Alibi)
        {
            section.Reject(ScalingTypeKey, "linear with alibi");
        }
        else if (isLlama3)
        {
            section.Warn(ScalingTypeKey, $"has no effect with {TypeKey} {Types.NameOf(type)}");
        }
    }
}
