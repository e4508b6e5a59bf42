using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration;

/// <summary>Reads an initializer: a name, or a map with a name and the distribution's parameters.</summary>
internal static class InitializerSection
{
    private static readonly (string, InitializerKind)[] Kinds =
    [
        ("truncated_normal", InitializerKind.TruncatedNormal), ("normal", InitializerKind.Normal), ("uniform", InitializerKind.Uniform),
        ("constant", InitializerKind.Constant), ("zeros", InitializerKind.Constant), ("ones", InitializerKind.Constant),
        ("xavier_uniform", InitializerKind.XavierUniform), ("glorot_uniform", InitializerKind.XavierUniform),
        ("xavier_normal", InitializerKind.XavierNormal), ("glorot_normal", InitializerKind.XavierNormal),
    ];

    /// <summary>Reads the initializer of a key; null where it is absent.</summary>
    public static InitializerParameters? Read(SectionReader parent, string key)
    {
        switch (parent.Node(key))
        {
            case null:
                return null;
            case YamlScalar name:
                // The short form: a map that holds the name alone.
                return Read(new SectionReader(
                    new YamlMapping(name.Line, name.Column, [new YamlEntry(new YamlScalar(name.Line, name.Column, "name", IsPlain: true), name)]), parent.NameOf(key), parent.Diagnostics));
            default:
                return parent.TrySection(key, out SectionReader? section) ? Read(section) : null;
        }
    }

    private static InitializerParameters Read(SectionReader section)
    {
        InitializerKind kind = section.RequiredChoice("name", Kinds);
        string name = section.Text("name") ?? "";
        double Number(string key, double missing) => section.Number(key, _ => true, "a number") ?? missing;

        // The defaults are the Model Zoo's: torch's for normal and uniform, 0.05 within +-0.1 for truncated_normal.
        bool truncated = kind == InitializerKind.TruncatedNormal;
        double value = section.Number("val", _ => true, "a number", "value") ?? (name == "ones" ? 1 : 0);
        double mean = Number("mean", 0);
        double deviation = section.Number("std", std => std >= 0, "a number of 0 or more") ?? (truncated ? 0.05 : 1);
        double lower = Number("a", truncated ? -0.1 : 0);
        double upper = Number("b", truncated ? 0.1 : 1);
        if (lower >= upper && (section.Node("b") ?? section.Node("a")) is { } bound)
        {
            section.Diagnostics.Error(bound, $"{section.NameOf("a")} is {lower} and {section.NameOf("b")} is {upper}; valid: a below b");
        }

        section.Ignore("gain");
        section.Finish();
        return new InitializerParameters(kind, kind == InitializerKind.Constant ? value : mean, deviation, lower, upper);
    }
}
