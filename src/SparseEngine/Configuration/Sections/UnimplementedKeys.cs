using System.Collections.Frozen;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>
/// Keys of the Model Zoo's releases that change what is computed and are not implemented: to pass over one would train another model.
/// </summary>
internal static class UnimplementedKeys
{
    private const string True = "true";
    private const string False = "false";
    private const string None = "";

    /// <summary>Keys of the model section, with the value under which each changes nothing beside null; empty for none.</summary>
    public static FrozenDictionary<string, string> OfModel { get; } = new Dictionary<string, string>
    {
        // Positions.
        ["pad_rope"] = False,
        ["alibi_trainable_slopes"] = False,
        ["position_embedding_offset"] = "0",
        ["constant_pos_embedding"] = None,
        ["rel_distance_mode"] = "default",
        ["rel_distance_extra_args"] = None,
        ["num_extra_input_vocab_tokens"] = "0",

        // Attention.
        ["attention_module_params"] = None,
        ["sliding_window_length"] = None,
        ["attention_sink_tokens"] = None,
        ["attention_vsl"] = False,
        ["attention_vertical_column_spacing"] = None,
        ["attention_vertical_column_width"] = None,
        ["attention_chunk_size"] = None,
        ["sliding_window_every_other_decoder_layer"] = False,
        ["use_sink_token"] = False,
        ["memory_tokens"] = None,
        ["memory_tokens_config"] = None,
        ["cross_attention_layers"] = None,
        ["attention_logit_softcapping"] = None,
        ["fixed_sparse_attention"] = None,
        ["use_qk_norm"] = False,

        // Layers.
        ["norm_first"] = True,
        ["norm_first_sandwich"] = False,
        ["use_parallel_attention_decoder"] = False,
        ["use_ff_layer1_dropout"] = False,
        ["use_ff_layer2_dropout"] = True,
        ["extra_ffn_params"] = None,
        ["ffn_initializer"] = None,
        ["ffn_output_layer_initializer"] = None,
        ["moe_params"] = None,
        ["moe"] = None,
        ["num_experts"] = "1",
        ["final_logit_softcapping"] = None,

        // What is trained.
        ["lora_params"] = None,
        ["selective_grad"] = None,
        ["compression"] = None,

        // Loss.
        ["label_smoothing"] = "0",
        ["z_loss_eps"] = "0",
    }.ToFrozenDictionary();

    /// <summary>Keys of the optimizer section, likewise.</summary>
    public static FrozenDictionary<string, string> OfOptimizer { get; } = new Dictionary<string, string>
    {
        ["adjust_learning_rate"] = None,
        ["param_groups"] = None,
        ["params"] = None,
        ["dampening"] = "0",
        ["maximize"] = False,
    }.ToFrozenDictionary();

    /// <summary>Keys of a scheduler, likewise.</summary>
    public static FrozenDictionary<string, string> OfScheduler { get; } = new Dictionary<string, string>
    {
        ["param_group_tags"] = None,
    }.ToFrozenDictionary();

    /// <summary>Keys of an input section, likewise.</summary>
    public static FrozenDictionary<string, string> OfInput { get; } = new Dictionary<string, string>
    {
        ["use_vsl"] = False,
        ["mixture"] = None,
        ["data_subset"] = None,
        ["num_samples"] = None,
        ["pad_last"] = False,
        ["data_transforms"] = None,
        ["dataset_map_fn"] = None,
    }.ToFrozenDictionary();

    /// <summary>Records an error for each of the keys that is given and changes something.</summary>
    public static void Refuse(SectionReader section, FrozenDictionary<string, string> keys)
    {
        foreach ((string key, string without) in keys)
        {
            // One that is not there is not made known: a misspelt key should not be told to become it.
            if (section.Mentions(key) && section.Value(key) is { } value && !ChangesNothing(value.Node, without))
            {
                string valid = without.Length > 0 ? $"{without}, which changes nothing, or no such key" : "no such key";
                value.Error($"is {value.Node.Display}: the key is not implemented; valid: {valid}");
            }
        }
    }

    private static bool ChangesNothing(YamlNode node, string without) => node switch
    {
        YamlMapping mapping => mapping.Entries.Count == 0,
        YamlSequence sequence => sequence.Items.Count == 0,
        YamlScalar scalar => IsOne(scalar.Text, without),
        _ => false,
    };

    private static bool IsOne(string text, string without) =>
        without.Length > 0 && (string.Equals(text, without, StringComparison.OrdinalIgnoreCase)
            || (ScalarSyntax.TryNumber(text, out double number) && ScalarSyntax.TryNumber(without, out double neutral) && number == neutral)
            || (ScalarSyntax.TryBoolean(text, out bool flag) && ScalarSyntax.TryBoolean(without, out bool off) && flag == off));
}
