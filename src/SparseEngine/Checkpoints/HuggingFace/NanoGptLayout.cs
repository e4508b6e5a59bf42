using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>Where a parameter lies in a nanoGPT checkpoint.</summary>
/// <param name="Tensor">The tensor there.</param>
/// <param name="Part">Which of its equal parts along the outputs: 0, 1 and 2 are c_attn's query, key and value projections.</param>
internal sealed record NanoGptSource(NamedShape Tensor, int Part);

/// <summary>The names of nanoGPT's GPT: GPT-2's, with linear layers [out, in] where Hugging Face's GPT-2 has Conv1D layers.</summary>
internal static class NanoGptLayout
{
    /// <summary>The token table.</summary>
    public const string WordEmbeddings = "transformer.wte.weight";

    /// <summary>The position table.</summary>
    public const string PositionEmbeddings = "transformer.wpe.weight";

    /// <summary>The output head, which nanoGPT ties to the token table and saves beside it.</summary>
    public const string Head = "lm_head.weight";

    private static readonly (string Here, string There, int Part)[] Modules =
    [
        ("norm1", "ln_1", 0), ("norm3", "ln_2", 0),
        ("self_attn.proj_q_dense_layer", "attn.c_attn", 0),
        ("self_attn.proj_k_dense_layer", "attn.c_attn", 1),
        ("self_attn.proj_v_dense_layer", "attn.c_attn", 2),
        ("self_attn.proj_output_dense_layer", "attn.c_proj", 0),
        ("ffn.ffn.0.linear_layer", "mlp.c_fc", 0), ("ffn.ffn.1.linear_layer", "mlp.c_proj", 0),
    ];

    /// <summary>Where each parameter of a model lies, in the parameters' order.</summary>
    public static ImmutableArray<NanoGptSource> Sources(ModelParameters model)
    {
        Dictionary<string, (string Name, int Part)> places = Places(model.Layers);
        return [.. GptArchitecture.Parameters(model).Select(parameter => SourceOf(parameter, places))];
    }

    /// <summary>Whether a tensor is one of the model's, and not a causal mask, which old versions saved with the weights.</summary>
    public static bool IsModels(string name) =>
        (name.StartsWith("transformer.", StringComparison.Ordinal) && !name.EndsWith(".attn.bias", StringComparison.Ordinal)) || name == Head;

    private static NanoGptSource SourceOf(ParameterDefinition parameter, Dictionary<string, (string Name, int Part)> places)
    {
        int end = parameter.Name.LastIndexOf('.');
        (string name, int part) = places[parameter.Name[..end]];
        int parts = name.EndsWith("c_attn", StringComparison.Ordinal) ? 3 : 1;
        return new NanoGptSource(
            new NamedShape(name + parameter.Name[end..], [parts * parameter.Shape[0], .. parameter.Shape.Skip(1)]), part);
    }

    private static Dictionary<string, (string Name, int Part)> Places(int layers)
    {
        Dictionary<string, (string Name, int Part)> places = new(StringComparer.Ordinal)
        {
            [WithoutWeight(GptArchitecture.WordEmbeddings)] = (WithoutWeight(WordEmbeddings), 0),
            [WithoutWeight(GptArchitecture.PositionEmbeddings)] = (WithoutWeight(PositionEmbeddings), 0),
            [GptArchitecture.FinalNorm] = ("transformer.ln_f", 0),
            [GptArchitecture.Head] = (WithoutWeight(Head), 0),
        };
        for (int layer = 0; layer < layers; layer++)
        {
            foreach ((string here, string there, int part) in Modules)
            {
                places.Add($"{GptArchitecture.Layer(layer)}.{here}", ($"transformer.h.{layer}.{there}", part));
            }
        }

        return places;
    }

    private static string WithoutWeight(string name) => name[..name.LastIndexOf('.')];
}
