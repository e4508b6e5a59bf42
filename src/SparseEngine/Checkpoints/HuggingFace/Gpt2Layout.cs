using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>The tensors of a Hugging Face GPT-2 and what they are made of: the names of GPT2Model, and of GPT2LMHeadModel around it.</summary>
internal static class Gpt2Layout
{
    /// <summary>What stands before the names of GPT2Model in a file that GPT2LMHeadModel wrote; the published files are without it.</summary>
    public const string Prefix = "transformer.";

    /// <summary>The output head, which never has the prefix, and which a tied model does without.</summary>
    public const string Head = "lm_head.weight";

    /// <summary>The token table.</summary>
    public const string WordEmbeddings = "wte.weight";

    /// <summary>The position table, by which a file is known to be a GPT-2: of the token table, a tied model's may have the head alone.</summary>
    public const string PositionEmbeddings = "wpe.weight";

    /// <summary>All tensors of a model, in the order of GPT2LMHeadModel.</summary>
    public static ImmutableArray<Gpt2Tensor> Tensors(ModelParameters model)
    {
        Dictionary<string, ParameterDefinition> parameters =
            GptArchitecture.Parameters(model).ToDictionary(parameter => parameter.Name, StringComparer.Ordinal);
        ImmutableArray<Gpt2Tensor>.Builder tensors = ImmutableArray.CreateBuilder<Gpt2Tensor>();
        Add(WordEmbeddings, GptArchitecture.WordEmbeddings);
        Add(PositionEmbeddings, GptArchitecture.PositionEmbeddings);
        for (int index = 0; index < model.Layers; index++)
        {
            string block = $"h.{index}";
            string layer = GptArchitecture.Layer(index);
            string attention = $"{layer}.self_attn";
            AddNorm($"{block}.ln_1", $"{layer}.norm1");
            AddConv1D(
                $"{block}.attn.c_attn", $"{attention}.proj_q_dense_layer", $"{attention}.proj_k_dense_layer", $"{attention}.proj_v_dense_layer");
            AddConv1D($"{block}.attn.c_proj", $"{attention}.proj_output_dense_layer");
            AddNorm($"{block}.ln_2", $"{layer}.norm3");
            AddConv1D($"{block}.mlp.c_fc", $"{layer}.ffn.ffn.0.linear_layer");
            AddConv1D($"{block}.mlp.c_proj", $"{layer}.ffn.ffn.1.linear_layer");
        }

        AddNorm("ln_f", GptArchitecture.FinalNorm);
        if (!model.ShareEmbeddingWeights)
        {
            Add(Head, $"{GptArchitecture.Head}.weight");
        }

        return tensors.ToImmutable();

        void Add(string name, string parameter) => tensors.Add(new Gpt2Tensor(name, [parameters[parameter]], Transposed: false));

        void AddNorm(string name, string norm)
        {
            Add($"{name}.weight", $"{norm}.weight");
            Add($"{name}.bias", $"{norm}.bias");
        }

        void AddConv1D(string name, params ReadOnlySpan<string> layers)
        {
            ImmutableArray<NamedShape>.Builder weights = ImmutableArray.CreateBuilder<NamedShape>();
            ImmutableArray<NamedShape>.Builder biases = ImmutableArray.CreateBuilder<NamedShape>();
            foreach (string linear in layers)
            {
                weights.Add(parameters[$"{linear}.weight"]);
                biases.Add(parameters[$"{linear}.bias"]);
            }

            tensors.Add(new Gpt2Tensor($"{name}.weight", weights.ToImmutable(), Transposed: true));
            tensors.Add(new Gpt2Tensor($"{name}.bias", biases.ToImmutable(), Transposed: false));
        }
    }

    /// <summary>What stands before the names in a file: <see cref="Prefix"/> or nothing; null where it holds no GPT-2.</summary>
    public static string? FindPrefix(CheckpointReader reader) =>
        reader.Contains(Prefix + WordEmbeddings) || reader.Contains(Prefix + PositionEmbeddings) ? Prefix
        : reader.Contains(WordEmbeddings) || reader.Contains(PositionEmbeddings) ? ""
        : null;

    /// <summary>A tensor's name in a file.</summary>
    /// <param name="name">Its name without prefix.</param>
    /// <param name="prefix">The file's prefix: <see cref="Prefix"/> or empty.</param>
    public static string NameInFile(string name, string prefix) => name == Head ? name : prefix + name;

    /// <summary>Whether a tensor is the causal mask, or what is put in its place, which older versions saved with the weights.</summary>
    public static bool IsMask(string nameInFile) =>
        nameInFile.EndsWith(".attn.bias", StringComparison.Ordinal) || nameInFile.EndsWith(".attn.masked_bias", StringComparison.Ordinal);
}
