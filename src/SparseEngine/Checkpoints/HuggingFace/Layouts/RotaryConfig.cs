using System.Text.Json;
using SparseEngine.Configuration;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>The keys of rotary embedding: <c>rope_theta</c> and <c>rope_scaling</c>, which newer versions join as <c>rope_parameters</c>.</summary>
internal static class RotaryConfig
{
    private const string Newer = "rope_parameters";
    private const string Scaling = "rope_scaling";
    private const string Theta = "rope_theta";
    private const string PartialFactor = "partial_rotary_factor";
    private const string Type = "rope_type";
    private const string OriginalPositions = "original_max_position_embeddings";

    /// <summary>The model with its rotation.</summary>
    /// <param name="config">The config.json.</param>
    /// <param name="model">The model without it.</param>
    /// <param name="dimensions">The features of each head that are turned.</param>
    /// <param name="thetaKey">The key of theta.</param>
    public static ModelParameters Read(ConfigReader config, ModelParameters model, int dimensions, string thetaKey = Theta)
    {
        ConfigReader? newer = config.Section(Newer);
        double theta = config.Number(thetaKey, Interval.Positive, 10000);
        theta = newer?.Number(Theta, Interval.Positive, theta) ?? theta;
        model = model with { PositionEmbedding = PositionEmbedding.Rotary, Rotary = new RotaryParameters(dimensions, theta) };
        ConfigReader? scaling = newer ?? config.Section(Scaling);
        string type = scaling?.Word(Type, scaling.Word("type", "default")) ?? "default";
        return type switch
        {
            "default" => model,
            "linear" => model with { PositionScalingFactor = scaling!.Number("factor", Interval.Positive) },
            "llama3" => ReadLlama3(config, scaling!, model),
            _ => throw scaling!.Invalid(Type, $"\"{type}\"", "default, linear, llama3"),
        };
    }

    /// <summary>The share of each head's features that is turned.</summary>
    /// <param name="config">The config.json.</param>
    /// <param name="key">The key of the share.</param>
    /// <param name="byDefault">The share where it has none.</param>
    public static double ReadShare(ConfigReader config, string key = PartialFactor, double byDefault = 1)
    {
        double share = config.Number(key, Interval.Share, byDefault);
        return config.Section(Newer)?.Number(PartialFactor, Interval.Share, share) ?? share;
    }

    /// <summary>Checks that all features of a head are turned, and that they are pairs.</summary>
    public static void RequireWholeHeads(ConfigReader config, int headSize, string key)
    {
        double share = ReadShare(config);
        if (share != 1)
        {
            throw config.Invalid(PartialFactor, share, "1");
        }

        if (headSize % 2 != 0)
        {
            throw config.Invalid(key, headSize, "an even number, the size of a head whose features are turned in pairs");
        }
    }

    /// <summary>Writes a model's theta and scaling.</summary>
    public static void Write(Utf8JsonWriter json, ModelParameters model, string thetaKey = Theta)
    {
        json.WriteNumber(thetaKey, model.Rotary!.Theta);
        if (model.PositionScalingFactor == 1 && model.Rotary.Llama3 is null)
        {
            json.WriteNull(Scaling);
            return;
        }

        json.WriteStartObject(Scaling);
        json.WriteString(Type, model.Rotary.Llama3 is null ? "linear" : "llama3");
        json.WriteNumber("factor", model.PositionScalingFactor);
        if (model.Rotary.Llama3 is { } llama3)
        {
            json.WriteNumber("low_freq_factor", llama3.LowFrequencyFactor);
            json.WriteNumber("high_freq_factor", llama3.HighFrequencyFactor);
            json.WriteNumber(OriginalPositions, llama3.OriginalPositions);
        }

        json.WriteEndObject();
    }

    private static ModelParameters ReadLlama3(ConfigReader config, ConfigReader scaling, ModelParameters model)
    {
        double factor = scaling.Number("factor", Interval.Positive);
        double low = scaling.Number("low_freq_factor", Interval.Positive);
        double high = scaling.Number("high_freq_factor", new Interval(low, double.PositiveInfinity, LowIncluded: false));
        int positions = scaling.Size(config.Size(model.MaxPositionEmbeddings, OriginalPositions), OriginalPositions);
        return model with { PositionScalingFactor = factor, Rotary = model.Rotary! with { Llama3 = new Llama3Scaling(low, high, positions) } };
    }
}
