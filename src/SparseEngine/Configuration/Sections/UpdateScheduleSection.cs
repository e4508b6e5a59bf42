using System.Collections.Immutable;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads when masks change: a number of steps, a map with freq, start and stop, or one with steps.</summary>
internal static class UpdateScheduleSection
{
    private const string Valid = "a number of steps, or a map with freq, start and stop, or with a list of steps";

    private static readonly string[] PeriodKeys = ["freq", "start", "stop"];

    /// <summary>Whether a value is such a schedule and no other one: in Model Zoo 2.0 the key schedule holds it.</summary>
    public static bool IsMeant(YamlNode node) =>
        node is YamlMapping mapping && mapping.Entries.Any(entry => entry.Key is "freq" or "start" or "stop" or "steps");

    /// <summary>Reads the setting; null where it is not valid.</summary>
    public static UpdateSchedule? Read(SectionValue value)
    {
        if (value.Node is YamlScalar)
        {
            return value.AsInteger(1, int.MaxValue) is { } frequency ? new PeriodicUpdates((int)frequency) : null;
        }

        if (value.Node is YamlSequence)
        {
            return ReadSteps(value);
        }

        if (value.AsSection(Valid) is not { } section)
        {
            return null;
        }

        UpdateSchedule? schedule = section.Value("steps") is { } steps ? ReadList(section, steps) : ReadPeriod(section);
        section.Finish();
        return schedule;
    }

    private static ListedUpdates? ReadList(SectionReader section, SectionValue steps)
    {
        section.Ignore(PeriodKeys);
        foreach (string key in PeriodKeys.Where(section.Has))
        {
            section.Error(key, "and steps are both given; give one of them");
        }

        return ReadSteps(steps);
    }

    private static ListedUpdates? ReadSteps(SectionValue steps)
    {
        const string valid = "a list of ascending numbers of steps";
        ImmutableArray<SectionValue> items = steps.Items();
        if (items.IsEmpty)
        {
            steps.Reject(valid);
            return null;
        }

        ImmutableArray<long?> read = [.. items.Select(item => item.AsInteger(0, int.MaxValue))];
        if (read.Contains(null))
        {
            return null;
        }

        ImmutableArray<int> values = [.. read.Select(step => (int)step!.Value)];
        if (values.Zip(values.Skip(1)).Any(pair => pair.First >= pair.Second))
        {
            steps.Error($"does not ascend; valid: {valid}");
            return null;
        }

        return new ListedUpdates(values);
    }

    private static PeriodicUpdates? ReadPeriod(SectionReader section)
    {
        int? frequency = section.Integer("freq", minimum: 1);
        int start = section.Integer("start", minimum: 0) ?? 0;
        int? stop = section.Integer("stop", minimum: 1);
        if (section.IsValid("start") && stop <= start)
        {
            section.Error("stop", $"is {stop}, so that masks never change; valid: more than start, {start}");
            return null;
        }

        return new PeriodicUpdates(frequency ?? 1, start, stop);
    }
}
