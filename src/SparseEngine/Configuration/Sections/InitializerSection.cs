using SparseEngine.Configuration.Yaml;
using static System.FormattableString;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads an initializer of the model section: a name, or a map of a name and the distribution's settings.</summary>
internal static class InitializerSection
{
    // What the Model Zoo takes where a file gives no figure.
    private const double DefaultStandardDeviation = 0.05;
    private const double DefaultUniformBound = 0.05;

    private static readonly Choices<Distribution> Names = new(
        ("normal", Distribution.Normal), ("truncated_normal", Distribution.TruncatedNormal), ("uniform", Distribution.Uniform),
        ("constant", Distribution.Constant), ("zeros", Distribution.Zeros), ("ones", Distribution.Ones),
        ("xavier_uniform", Distribution.XavierUniform), ("glorot_uniform", Distribution.XavierUniform),
        ("xavier_normal", Distribution.XavierNormal), ("glorot_normal", Distribution.XavierNormal));

    private enum Distribution
    {
        Normal,
        TruncatedNormal,
        Uniform,
        Constant,
        Zeros,
        Ones,
        XavierUniform,
        XavierNormal,
    }

    /// <summary>Reads the initializer under a key; null where there is none.</summary>
    public static InitializerParameters? Read(SectionReader model, string key)
    {
        if (model.Value(key) is not { } value)
        {
            return null;
        }

        if (value.Node is YamlScalar)
        {
            return value.AsChoice(Names) is { } name ? Read(value.AsEmptySection(), name) : null;
        }

        if (value.AsSection("the name of an initializer, or a map with a name") is not { } section)
        {
            return null;
        }

        InitializerParameters? initializer = section.Choice("name", Names, required: true) is { } distribution ? Read(section, distribution) : null;
        section.Ignore("mean", "std", "a", "b", "val", "gain");
        section.Finish();
        return initializer;
    }

    private static InitializerParameters Read(SectionReader section, Distribution distribution)
    {
        double mean = section.Number("mean", Interval.Any) ?? 0;
        double deviation = section.Number("std", Interval.NotNegative) ?? DefaultStandardDeviation;
        switch (distribution)
        {
            case Distribution.Normal:
                return new InitializerParameters(InitializerKind.Normal, mean, deviation, 0, 0);
            case Distribution.TruncatedNormal:
                (double low, double high) = ReadBounds(section, -2 * deviation, 2 * deviation);
                return new InitializerParameters(InitializerKind.TruncatedNormal, mean, deviation, low, high);
            case Distribution.Uniform:
                (low, high) = ReadBounds(section, -DefaultUniformBound, DefaultUniformBound);
                return new InitializerParameters(InitializerKind.Uniform, 0, 0, low, high);
            case Distribution.Constant:
                return Constant(section.Number("val", Interval.Any) ?? 0);
            case Distribution.Zeros:
                return Constant(0);
            case Distribution.Ones:
                return Constant(1);
            default:
                if (section.Number("gain", Interval.Any) is not (null or 1))
                {
                    section.Reject("gain", "1");
                }

                InitializerKind kind = distribution is Distribution.XavierUniform ? InitializerKind.XavierUniform : InitializerKind.XavierNormal;
                return new InitializerParameters(kind, 0, 0, 0, 0);
        }
    }

    private static (double Low, double High) ReadBounds(SectionReader section, double defaultLow, double defaultHigh)
    {
        double low = section.Number("a", Interval.Any) ?? defaultLow;
        double high = section.Number("b", Interval.Any) ?? defaultHigh;
        if (low >= high)
        {
            string key = section.Has("b") ? "b" : "a";
            section.Error(key, Invariant($"leaves the interval from {low} to {high}, which is empty; valid: a below b"));
        }

        return (low, high);
    }

    private static InitializerParameters Constant(double value) => new(InitializerKind.Constant, value, 0, 0, 0);
}
