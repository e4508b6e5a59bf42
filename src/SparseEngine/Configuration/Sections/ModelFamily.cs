using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>The Model Zoo's two classes of GPT models, which every family is one of.</summary>
internal enum ModelClass
{
    /// <summary>Attention, then the feed-forward, each added to what it reads (gpt2_model.py).</summary>
    Gpt2,

    /// <summary>Both read the layer's input and are added to it at once (gptj_model.py).</summary>
    GptJ,
}

/// <summary>The families of models by the names that the Model Zoo's registry gives them.</summary>
internal static class ModelFamily
{
    /// <summary>The key of GPT-J's class that says whether its feed-forward has a normalization of its own.</summary>
    public const string UntiedLayerNormKey = "use_untied_layer_norm";

    /// <summary>What GPT-J's class calls dropout_rate.</summary>
    public const string ResidualDropoutKey = "residual_dropout_rate";

    /// <summary>The names, each with its class: families of one class differ in their keys alone.</summary>
    public static readonly Choices<ModelClass> Names = new(
        [
            ("gpt2", ModelClass.Gpt2), ("gpt3", ModelClass.Gpt2), ("gptj", ModelClass.GptJ), ("gpt-neox", ModelClass.GptJ),
            ("llama", ModelClass.Gpt2), ("mistral", ModelClass.Gpt2), ("mixtral", ModelClass.Gpt2), ("falcon", ModelClass.GptJ),
            ("bloom", ModelClass.Gpt2), ("btlm", ModelClass.Gpt2), ("jais", ModelClass.Gpt2), ("santacoder", ModelClass.Gpt2),
            ("starcoder", ModelClass.Gpt2), ("gemma2", ModelClass.Gpt2),
        ],
        [("LlamaModel", ModelClass.Gpt2)]);

    /// <summary>Reads the family's name; null where there is none or it is not valid.</summary>
    public static ModelClass? Read(SectionReader section, bool required)
    {
        string key = section.NameOfAgreeing("name", "model_name");
        SectionValue? value = required ? section.RequiredValue(key, Names.ToString()) : section.Value(key);
        if (value is null)
        {
            return null;
        }

        string name = value.Node is YamlScalar scalar ? scalar.Text : "";
        if (Names.TryGet(name, out ModelClass found))
        {
            return found;
        }

        string? nearest = NearestName.Find(name, Names.Names);
        value.Error(nearest is null
            ? $"is {value.Node.Display}; valid: {Names}"
            : $"is {value.Node.Display}; did you mean {nearest}? Valid: {Names}");
        return null;
    }

    /// <summary>
    /// Tells the class of a file in the layout of 1.8, which need not name it: there it is the run.py that decides. GPT-J's has keys
    /// that GPT-2's has not, and rotary positions without being told.
    /// </summary>
    public static ModelClass Tell(SectionReader section)
    {
        if (section.HasAny("name", "model_name"))
        {
            return Read(section, required: false) ?? ModelClass.Gpt2;
        }

        section.Ignore("name", "model_name");
        if (section.HasAny(UntiedLayerNormKey, ResidualDropoutKey)
            || (section.Has("rotary_dim") && !section.Mentions(PositionSection.TypeKey)))
        {
            return ModelClass.GptJ;
        }

        WarnOfDoubt(section);
        return ModelClass.Gpt2;
    }

    /// <summary>Of rotary models 1.8 has GPT-J alone, later releases in the same layout have llamas, whose files say more.</summary>
    private static void WarnOfDoubt(SectionReader section)
    {
        bool isRotary = section.Entry(PositionSection.TypeKey)?.Value is YamlScalar scalar
            && PositionSection.Types.TryGet(scalar.Text, out PositionEmbedding type) && type is PositionEmbedding.Rotary;
        if (isRotary && !section.HasAny("dropout_rate", "norm_type"))
        {
            section.Warn(
                PositionSection.TypeKey,
                "is rotary and no family is named: layers are those of gpt2; give name: gptj for attention beside the feed-forward");
        }
    }
}
