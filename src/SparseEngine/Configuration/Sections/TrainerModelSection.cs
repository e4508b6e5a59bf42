using static System.FormattableString;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads <c>trainer.init.model</c>: the keys of 1.8's model section, and the name of its family.</summary>
internal static class TrainerModelSection
{
    private const double DropoutInModelZoo = 0.1;

    /// <summary>The families; one that is told by its keys alone, such as gpt3, is the same as gpt2.</summary>
    private static readonly Choices<bool> Families = new(("gpt2", true), ("gpt3", true));

    /// <summary>Reads the section.</summary>
    public static ModelParameters Read(SectionReader section)
    {
        section.Choice(section.NameOfAgreeing("name", "model_name"), Families, required: true);

        // The one key whose null says something: no positions at all.
        bool hasPositions = !section.Mentions("position_embedding_type") || section.Has("position_embedding_type");
        WarnOfDropout(section);
        ModelParameters model = ModelSection.Read(section);
        return hasPositions ? model : model with { PositionEmbedding = PositionEmbedding.None };
    }

    /// <summary>A file that leaves dropout to a default means another one than ours, which follows dropout_rate, and 0 without it.</summary>
    private static void WarnOfDropout(SectionReader section)
    {
        if (!section.Has("dropout_rate"))
        {
            section.Warn("dropout_rate", Invariant($"is not given: it is 0 here and {DropoutInModelZoo} in Model Zoo 2.x; give it to have the same"));
        }
        else if (!section.Has("attention_dropout_rate")
            && section.Number("dropout_rate", Interval.Fraction) is { } given && given != DropoutInModelZoo)
        {
            section.Warn(
                "attention_dropout_rate",
                Invariant($"is not given: it is dropout_rate, {given}, here and {DropoutInModelZoo} in Model Zoo 2.x; give it to have the same"));
        }
    }
}
