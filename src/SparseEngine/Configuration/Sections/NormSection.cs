namespace SparseEngine.Configuration.Sections;

/// <summary>Reads what normalizes the residual stream.</summary>
internal static class NormSection
{
    private const string TypeKey = "norm_type";

    /// <summary>The words for normalizations.</summary>
    public static readonly Choices<NormKind> Kinds = new(
        ("layernorm", NormKind.LayerNorm), ("rmsnorm", NormKind.RmsNorm), ("biasless-layernorm", NormKind.BiaslessLayerNorm));

    /// <summary>Reads the keys.</summary>
    public static ModelParameters Read(SectionReader section, ModelParameters defaults) => defaults with
    {
        Norm = ReadKind(section, TypeKey) ?? OfModelZoo1(section) ?? defaults.Norm,
        LayerNormEpsilon = section.Number("layer_norm_epsilon", Interval.Positive) ?? defaults.LayerNormEpsilon,
        UntiedLayerNorm = section.Boolean(ModelFamily.UntiedLayerNormKey) ?? defaults.UntiedLayerNorm,
    };

    /// <summary>Reads a normalization's name; null where there is none.</summary>
    public static NormKind? ReadKind(SectionReader section, string key) => section.Value(key)?.AsChoice(Kinds, "nonparametric-layernorm");

    /// <summary>What Model Zoo 1.9 had in place of norm_type.</summary>
    private static NormKind? OfModelZoo1(SectionReader section) =>
        section.Boolean("use_rms_norm") is true ? NormKind.RmsNorm
        : section.Boolean("use_biasless_norm") is true ? NormKind.BiaslessLayerNorm
        : null;
}
