using static System.FormattableString;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads maximal update parametrization (Yang et al., 2022): the sizes of the base model, and what is multiplied by what.</summary>
internal static class MupSection
{
    private const string HiddenKey = "mup_base_hidden_size";
    private const string FilterKey = "mup_base_filter_size";
    private const string HeadSizeKey = "scale_qk_dot_by_d";
    private const string LogitsScaleKey = "output_logits_scale";

    /// <summary>Reads the keys.</summary>
    public static ModelParameters Read(SectionReader section, ModelParameters defaults, ModelClass modelClass)
    {
        ModelParameters model = defaults with
        {
            MupBaseHiddenSize = section.Number(HiddenKey, Interval.Positive),
            MupBaseFilterSize = section.Number(FilterKey, Interval.Positive),
            EmbeddingsScale = section.Number("embeddings_scale", Interval.Positive) ?? defaults.EmbeddingsScale,
            AttentionLogitsAlpha = section.Number("attention_logits_alpha", Interval.Positive) ?? defaults.AttentionLogitsAlpha,
            OutputLogitsAlpha = section.Number("output_logits_alpha", Interval.Positive) ?? defaults.OutputLogitsAlpha,
            ScaleOutputLogitsByWidth = section.Boolean("scale_output_logits_by_d") ?? defaults.ScaleOutputLogitsByWidth,
            OutputLogitsScale = section.Number(LogitsScaleKey, Interval.Positive) ?? defaults.OutputLogitsScale,
        };
        bool isMup = section.HasAny(HiddenKey, FilterKey);
        if (!isMup)
        {
            WarnOutsideMup(section, model);
        }

        LearningRateGroups.Check(section, model);
        return model with { ScaleAttentionByHeadSize = ReadHeadSizeScale(section, isMup, modelClass) };
    }

    /// <summary>muP divides scores by the head size, which the Model Zoo's GPT-2 takes over by itself and its GPT-J does not.</summary>
    private static bool ReadHeadSizeScale(SectionReader section, bool isMup, ModelClass modelClass)
    {
        if (section.Boolean(HeadSizeKey) is { } given)
        {
            return given;
        }

        bool byDefault = isMup && modelClass is ModelClass.Gpt2;
        if (isMup && section.IsValid(HeadSizeKey))
        {
            section.Warn(HeadSizeKey, byDefault
                ? "is not given: it is true, since this is a muP run"
                : "is not given: it is false, as in the Model Zoo's GPT-J; muP means true");
        }

        return byDefault;
    }

    /// <summary>Settings of muP that a file without its base sizes has, as the Model Zoo warns of them.</summary>
    private static void WarnOutsideMup(SectionReader section, ModelParameters model)
    {
        const string remedy = $"give {HiddenKey} and {FilterKey} for a muP run";
        Warn("output_logits_alpha", model.OutputLogitsAlpha != 1, $"has no effect outside of muP; {remedy}");
        Warn("scale_output_logits_by_d", !model.ScaleOutputLogitsByWidth, $"has no effect outside of muP; {remedy}");
        Warn(
            "attention_logits_alpha", model.AttentionLogitsAlpha != 1,
            Invariant($"is {model.AttentionLogitsAlpha} outside of muP, which may not be what is meant; {remedy}"));

        // Model Zoo 1.9 to 2.2 had muP without base sizes: what they gave was worked out by hand.
        Warn(
            "embeddings_scale", model.EmbeddingsScale != 1 && !section.Has(LogitsScaleKey),
            Invariant($"is {model.EmbeddingsScale} outside of muP, which may not be what is meant; {remedy}"));

        void Warn(string key, bool isChanged, string text)
        {
            if (isChanged && section.Has(key) && section.IsValid(key))
            {
                section.Warn(key, text);
            }
        }
    }
}
