using System.Collections.Immutable;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads a setting that may change over the steps: a number, a list of numbers, or a map with a type.</summary>
internal static class HyperparameterScheduleSection
{
    private static readonly Choices<Kind> Kinds = new(
        [
            ("constant", Kind.Constant), ("linear", Kind.Linear), ("exp", Kind.Exponential), ("power", Kind.Power), ("cosine", Kind.Cosine),
            ("cycling", Kind.Cycling),
        ],
        synonyms: [("exponential", Kind.Exponential)]);

    private static readonly string[] AllKeys = ["value", "init", "slope", "gamma", "final", "beta", "half_period", "minimum", "values"];

    private enum Kind
    {
        Constant,
        Linear,
        Exponential,
        Power,
        Cosine,
        Cycling,
    }

    /// <summary>Reads the setting; null where it is not valid.</summary>
    /// <param name="value">The setting.</param>
    /// <param name="valid">What its values may be.</param>
    public static HyperparameterSchedule? Read(SectionValue value, Interval valid)
    {
        string description = $"{valid}, a list of such numbers, or a schedule: a map with a type ({Kinds})";
        return value.Node switch
        {
            YamlScalar => value.AsNumber(valid, description) is { } number ? new ConstantValue(number) : null,
            YamlSequence { Items.Count: > 0 } => ReadCycle(value, valid),
            YamlMapping => ReadMap(value.AsSection(description)!, valid),
            _ => Rejected(),
        };

        HyperparameterSchedule? Rejected()
        {
            value.Reject(description);
            return null;
        }
    }

    private static HyperparameterSchedule? ReadMap(SectionReader section, Interval valid)
    {
        if (section.Choice("type", Kinds, required: true) is not { } kind)
        {
            section.Ignore(AllKeys);
            section.Finish();
            return null;
        }

        HyperparameterSchedule? schedule = kind switch
        {
            Kind.Constant => new ConstantValue(Required("value", valid)),
            Kind.Linear => new LinearValue(Required("init", valid), Required("slope", Interval.Any)),
            Kind.Exponential => new ExponentialValue(
                Required("init", valid), Required("gamma", Interval.Any), section.Number("final", Interval.Any) ?? 1),
            Kind.Power => new PowerValue(Required("init", valid), Required("beta", Interval.Any)),
            Kind.Cosine => new CosineValue(
                Required("init", valid), section.Number("half_period", Interval.Positive, required: true) ?? 1,
                section.Number("minimum", valid) ?? 0),
            _ => section.RequiredValue("values", "a list of numbers") is { } values ? ReadCycle(values, valid) : null,
        };
        section.Finish();
        return AllKeys.All(section.IsSettled) ? schedule : null;

        double Required(string key, Interval interval) => section.Number(key, interval, required: true) ?? 0;
    }

    private static CyclingValue? ReadCycle(SectionValue value, Interval valid)
    {
        ImmutableArray<SectionValue> items = value.Items();
        if (items.IsEmpty)
        {
            value.Reject("a list of numbers");
            return null;
        }

        return new CyclingValue([.. items.Select(item => item.AsNumber(valid) ?? 0)]);
    }
}
