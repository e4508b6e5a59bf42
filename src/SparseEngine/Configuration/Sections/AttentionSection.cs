namespace SparseEngine.Configuration.Sections;

/// <summary>Reads what a model's attention is like: its sizes, which heads share keys, which keys are seen, what normalizes them.</summary>
internal static class AttentionSection
{
    private const string ModuleKey = "attention_module";
    private const string ExtraKey = "extra_attention_params";
    private const string GroupsKey = "num_kv_groups";

    /// <summary>The words for the attention; the value says whether its scores are scaled by the size of a head.</summary>
    public static readonly Choices<bool> Types = new(("scaled_dot_product", true), ("dot_product", false));

    // The value says whether heads share keys and values.
    private static readonly Choices<bool> Modules = new(("aiayn_attention", false), ("multiquery_attention", true));

    /// <summary>Reads the keys.</summary>
    public static ModelParameters Read(SectionReader section, ModelParameters defaults) => defaults with
    {
        AttentionInnerSize = section.Integer("attention_inner_dim", minimum: 1),
        KeyValueGroups = ReadGroups(section),
        SlidingWindow = section.Integer("attention_sliding_window_length", minimum: 1),
        QueryKeyNorm = NormSection.ReadKind(section, "attention_qk_norm_layer"),
        QueryKeyNormEpsilon = section.Number("attention_qk_norm_eps", Interval.Positive) ?? defaults.QueryKeyNormEpsilon,
        ScaledAttention = section.Choice("attention_type", Types) ?? defaults.ScaledAttention,
        ScaleAttentionByLayer = section.Boolean("scale_qk_dot_by_layer_idx") ?? defaults.ScaleAttentionByLayer,
        UseProjectionBiasInAttention = section.Boolean("use_projection_bias_in_attention") ?? defaults.UseProjectionBiasInAttention,
        UseFfnBiasInAttention = section.Boolean("use_ffn_bias_in_attention") ?? defaults.UseFfnBiasInAttention,
    };

    private static int? ReadGroups(SectionReader section)
    {
        bool? isShared = section.Choice(ModuleKey, Modules);
        section.Value(GroupsKey)?.Error($"belongs into {ExtraKey}, beside {ModuleKey}: multiquery_attention");
        SectionReader? extra = section.Section(ExtraKey, $"a map with {GroupsKey}");
        int? groups = extra?.Integer(GroupsKey, minimum: 1);
        extra?.Ignore("attention_kernel");
        extra?.Finish();
        bool isGiven = extra?.Has(GroupsKey) ?? false;
        if (isShared is true && !isGiven)
        {
            section.Warn(ModuleKey, $"is multiquery_attention, but {ExtraKey}.{GroupsKey} is not given: all heads share one group");
            return 1;
        }

        if (isShared is not true && isGiven && section.IsValid(ModuleKey) && groups is { } given)
        {
            extra!.Error(GroupsKey, $"is {given}, which needs {ModuleKey}: multiquery_attention; valid: that, or no such key");
        }

        return isShared is true ? groups : null;
    }
}
