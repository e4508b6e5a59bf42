using static System.FormattableString;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads <c>trainer.init.model</c>: the keys of 1.8's model section, and the name of its family.</summary>
internal static class TrainerModelSection
{
    private const double DropoutInModelZoo = 0.1;

    /// <summary>Reads the section.</summary>
    public static ModelParameters Read(SectionReader section)
    {
        ModelClass modelClass = ModelFamily.Read(section, required: true) ?? ModelClass.Gpt2;
        if (modelClass is ModelClass.Gpt2)
        {
            WarnOfDropout(section);
        }

        return ModelSection.Read(section, modelClass, nullIsNoPosition: true);
    }

    /// <summary>A file that leaves dropout to a default means another one than ours, which follows dropout_rate, and 0 without it.</summary>
    private static void WarnOfDropout(SectionReader section)
    {
        string key = ModelSection.DropoutKeyOf(section);
        if (!section.Has(key))
        {
            section.Warn("dropout_rate", Invariant($"is not given: it is 0 here and {DropoutInModelZoo} in Model Zoo 2.x; give it to have the same"));
        }
        else if (!section.Has("attention_dropout_rate") && section.Number(key, Interval.Fraction) is { } given && given != DropoutInModelZoo)
        {
            section.Warn(
                "attention_dropout_rate",
                Invariant($"is not given: it is dropout_rate, {given}, here and {DropoutInModelZoo} in Model Zoo 2.x; give it to have the same"));
        }
    }
}
