using System.Diagnostics.CodeAnalysis;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>
/// Reads the keys of one map. Asking for a key makes it known; once all have been asked for, <see cref="Finish"/> reports the
/// required ones that are missing and warns of those that nobody asked for.
/// </summary>
/// <param name="path">The section's path; empty for the file.</param>
/// <param name="position">Where the section's own key stands.</param>
/// <param name="mapping">The section.</param>
/// <param name="diagnostics">Where problems go.</param>
internal sealed class SectionReader(string path, SourcePosition position, YamlMapping mapping, DiagnosticCollector diagnostics)
{
    private readonly HashSet<string> known = [];
    private readonly Dictionary<string, string> missing = [];
    private readonly HashSet<string> absent = [];

    public string Path { get; } = path;

    /// <summary>Whether a key is there with a value other than null.</summary>
    public bool Has(string key) => Entry(key) is not null;

    /// <summary>Whether a key is there, if only with null.</summary>
    public bool Mentions(string key) => mapping.Entries.Any(e => e.Key == key);

    /// <summary>Whether any of several keys is there.</summary>
    public bool HasAny(params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            if (Has(key))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a key that is there, if it is, has been found in order so far.</summary>
    public bool IsValid(string key) => !Has(key) || !diagnostics.HasErrorAt(PositionOf(key));

    /// <summary>Whether a key's value is known: it is there and in order, or it is absent and may be.</summary>
    public bool IsSettled(string key) => IsValid(key) && !absent.Contains(key);

    /// <summary>Whether the section has no keys.</summary>
    public bool IsEmpty => mapping.Entries.Count == 0;

    /// <summary>
    /// Takes several names for one setting: the one that the file uses, or the first. Two of them at once are an error.
    /// </summary>
    public string NameOf(params ReadOnlySpan<string> names) => NameOf(names, mayAgree: false);

    /// <summary>
    /// Takes several names for one setting. Files give two of them where releases differ in which they read; values that differ are an error.
    /// </summary>
    public string NameOfAgreeing(params ReadOnlySpan<string> names) => NameOf(names, mayAgree: true);

    /// <summary>A key as the file has it; null where it is not there or null.</summary>
    public YamlEntry? Entry(string key) => mapping.Entries.FirstOrDefault(e => e.Key == key && e.Value is not YamlScalar { IsNull: true });

    /// <summary>Reads an integer of at least <paramref name="minimum"/>; null where there is none or it is not valid.</summary>
    public int? Integer(string key, int minimum, bool required = false) => (int?)LongInteger(key, minimum, int.MaxValue, required);

    /// <summary>Reads an integer between two bounds, both included.</summary>
    public long? LongInteger(string key, long minimum, long maximum, bool required = false) =>
        TryGet(key, required, SectionValue.IntegerDescription(minimum), out SectionValue? value) ? value.AsInteger(minimum, maximum) : null;

    /// <summary>Reads a number.</summary>
    public double? Number(string key, Interval valid, bool required = false) =>
        TryGet(key, required, valid.ToString(), out SectionValue? value) ? value.AsNumber(valid) : null;

    /// <summary>Reads true or false.</summary>
    public bool? Boolean(string key) => TryGet(key, required: false, "", out SectionValue? value) ? value.AsBoolean() : null;

    /// <summary>Reads text.</summary>
    public string? Text(string key, string valid) => TryGet(key, required: false, valid, out SectionValue? value) ? value.AsText(valid) : null;

    /// <summary>Reads one of several words.</summary>
    public T? Choice<T>(string key, Choices<T> choices, bool required = false)
        where T : struct =>
        TryGet(key, required, choices.ToString(), out SectionValue? value) ? value.AsChoice(choices) : null;

    /// <summary>Reads a map with keys of its own.</summary>
    public SectionReader? Section(string key, string valid, bool required = false) =>
        TryGet(key, required, valid, out SectionValue? value) ? value.AsSection(valid) : null;

    /// <summary>Takes a value as it is; null where there is none.</summary>
    public SectionValue? Value(string key) => TryGet(key, required: false, "", out SectionValue? value) ? value : null;

    /// <summary>Takes a value as it is, or records that it is missing.</summary>
    public SectionValue? RequiredValue(string key, string valid) => TryGet(key, required: true, valid, out SectionValue? value) ? value : null;

    /// <summary>Makes keys known that mean nothing here.</summary>
    public void Ignore(params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            known.Add(key);
        }
    }

    /// <summary>Records that a key holds what is not valid: "PATH is VALUE; valid: ...". The key must be there.</summary>
    public void Reject(string key, string valid) => Value(key)!.Reject(valid);

    /// <summary>Records an error about the section as a whole, in words that follow its path.</summary>
    public void Error(string text) => diagnostics.Error(position, $"{Path} {text}");

    /// <summary>Records an error about a key, in words that follow its path; a key that is not there points at the section.</summary>
    public void Error(string key, string text) => diagnostics.Error(PositionOf(key), $"{KeyPath.Join(Path, key)} {text}");

    /// <summary>Records a doubt about a key, in words that follow its path.</summary>
    public void Warn(string key, string text) => diagnostics.Warn(PositionOf(key), $"{KeyPath.Join(Path, key)} {text}");

    /// <summary>Where a key is, for messages that come later; the section where it is not there.</summary>
    public string LocationOf(string key) => diagnostics.Location(PositionOf(key));

    /// <summary>Reports required keys that are missing and warns of unknown ones, with the nearest known name.</summary>
    public void Finish()
    {
        List<string> unused = [.. known.Where(name => !Has(name))];
        foreach (YamlEntry entry in mapping.Entries.Where(e => !known.Contains(e.Key)))
        {
            string text = $"{KeyPath.Join(Path, entry.Key)} is not a known key";
            string? nearest = NearestName.Find(entry.Key, unused);
            if (nearest is null)
            {
                diagnostics.Warn(entry.KeyPosition, $"{text}; it is ignored");
            }
            else if (missing.Remove(nearest))
            {
                diagnostics.Error(entry.KeyPosition, $"{text}; did you mean {nearest}, which is missing?");
            }
            else
            {
                diagnostics.Warn(entry.KeyPosition, $"{text}; did you mean {nearest}?");
            }
        }

        foreach ((string key, string valid) in missing)
        {
            Error(key, $"is missing; valid: {valid}");
        }
    }

    private string NameOf(ReadOnlySpan<string> names, bool mayAgree)
    {
        string? used = null;
        foreach (string name in names)
        {
            known.Add(name);
            if (!Has(name))
            {
                continue;
            }

            if (used is not null && !(mayAgree && AreEqual(Entry(used)!.Value, Entry(name)!.Value)))
            {
                string remedy = mayAgree
                    ? $"is {Entry(used)!.Value.Display}; give one of them, or both the same value"
                    : "is given too; give one of them";
                Error(name, mayAgree
                    ? $"is {Entry(name)!.Value.Display} and means the same as {used}, which {remedy}"
                    : $"means the same as {used}, which {remedy}");
            }

            used ??= name;
        }

        return used ?? names[0];
    }

    private static bool AreEqual(YamlNode one, YamlNode other) =>
        one.Display == other.Display
        || (one is YamlScalar first && other is YamlScalar second
            && ScalarSyntax.TryNumber(first.Text, out double number) && ScalarSyntax.TryNumber(second.Text, out double same) && number == same);

    private bool TryGet(string key, bool required, string valid, [NotNullWhen(true)] out SectionValue? value)
    {
        known.Add(key);
        value = Entry(key) is { } entry ? new SectionValue(KeyPath.Join(Path, key), entry.KeyPosition, entry.Value, diagnostics) : null;
        if (value is null && required)
        {
            missing[key] = valid;
            absent.Add(key);
        }

        return value is not null;
    }

    private SourcePosition PositionOf(string key) => mapping.Entries.FirstOrDefault(e => e.Key == key)?.KeyPosition ?? position;
}
