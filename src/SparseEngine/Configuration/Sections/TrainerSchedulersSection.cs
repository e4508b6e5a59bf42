using System.Collections.Immutable;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>
/// Reads <c>trainer.init.schedulers</c>: a scheduler, named by the one key of its map, or a SequentialLR or ChainedLR of several. One may
/// be wrapped under the key <c>scheduler</c>, as ScalePerParamLR does, or have its name there, as in 1.8.
/// </summary>
internal static class TrainerSchedulersSection
{
    /// <summary>The section's key.</summary>
    public const string Key = "schedulers";

    /// <summary>What the section may be.</summary>
    public const string Valid = "a list with one scheduler, such as LinearLR, or with a SequentialLR of several";

    private const string WrapperKey = "scheduler";

    private static readonly string ValidItem = $"a map of one key with settings of its own: SequentialLR, ChainedLR, {SchedulerSection.ClassKinds}";

    /// <summary>Schedulers of schedulers.</summary>
    private static readonly Choices<Combination> Combinations = new(
        [("SequentialLR", Combination.Sequential), ("ChainedLR", Combination.Chained), ("ScalePerParamLR", Combination.None)],
        synonyms: [("Sequential", Combination.Sequential), ("ChainedScheduler", Combination.Chained)]);

    private enum Combination
    {
        Sequential,
        Chained,
        None,
    }

    /// <summary>Whether the section is there.</summary>
    public static bool IsGiven(SectionReader init) => init.Value(Key) is { Node: not YamlSequence { Items.Count: 0 } };

    /// <summary>Reads the section; null where it is missing or not valid.</summary>
    public static LearningRateParameters? Read(SectionReader init)
    {
        if (!IsGiven(init) || init.Value(Key) is not { } value)
        {
            return null;
        }

        ImmutableArray<SectionValue> items = value.Node is YamlSequence ? value.Items() : [value];
        if (items.Length > 1)
        {
            value.Error($"has {items.Length} schedulers, which would set one rate; valid: {Valid}");
        }

        return items.Select(ReadAny).ToImmutableArray()[0];
    }

    private static LearningRateParameters? ReadAny(SectionValue item)
    {
        if (item.Node is YamlMapping { Entries: [{ Key: WrapperKey, Value: YamlMapping }] })
        {
            return ReadAny(item.Entries()[0].Value);
        }

        if (item.Node is not YamlMapping { Entries: [{ } entry] } || !Combinations.TryGet(entry.Key, out Combination combination))
        {
            return ReadOne(item, isFollowed: false, isFactor: false) is { } scheduler ? new LearningRateParameters([scheduler]) : null;
        }

        if (item.Entries()[0].Value.AsSection("a map of settings") is not { } section)
        {
            return null;
        }

        LearningRateParameters? rate = combination == Combination.None
            ? section.RequiredValue(WrapperKey, ValidItem) is { } wrapped ? ReadAny(wrapped) : null
            : ReadAll(section, combination == Combination.Chained);
        UnimplementedKeys.Refuse(section, UnimplementedKeys.OfScheduler);
        section.Ignore("last_epoch");
        section.Finish();
        return rate;
    }

    private static LearningRateParameters? ReadAll(SectionReader section, bool chained)
    {
        const string valid = "a list of schedulers";
        SectionValue? list = section.RequiredValue(Key, valid);
        ImmutableArray<SectionValue> items = list?.Items() ?? [];
        SectionValue? milestones = chained ? null : section.Value("milestones");
        if (items.IsEmpty)
        {
            list?.Reject(valid);
            return null;
        }

        bool needsLength = !chained && milestones is null;
        ImmutableArray<SchedulerParameters?> schedulers =
        [
            .. items.Select((item, i) => ReadOne(item, isFollowed: needsLength && i < items.Length - 1, isFactor: chained && i > 0)),
        ];
        if (schedulers.Contains(null))
        {
            return null;
        }

        ImmutableArray<SchedulerParameters> all = [.. schedulers.OfType<SchedulerParameters>()];
        return new LearningRateParameters(milestones is null ? all : SetLengths(milestones, all), chained);
    }

    /// <summary>Lets each scheduler last until its milestone. Those with steps of their own end there in any case; milestones must agree.</summary>
    private static ImmutableArray<SchedulerParameters> SetLengths(SectionValue milestones, ImmutableArray<SchedulerParameters> schedulers)
    {
        ImmutableArray<long?> ends = [.. milestones.Items().Select(item => item.AsInteger(1, int.MaxValue))];
        if (ends.Contains(null))
        {
            return schedulers;
        }

        ImmutableArray<SchedulerParameters>.Builder lasting = ImmutableArray.CreateBuilder<SchedulerParameters>(schedulers.Length);
        long begin = 0;
        for (int i = 0; i < schedulers.Length - 1; i++)
        {
            long end = begin + (schedulers[i].Steps ?? (i < ends.Length ? ends[i]!.Value - begin : 0));
            lasting.Add(schedulers[i] with { Steps = (int)(end - begin) });
            begin = end;
            if (ends.Length != schedulers.Length - 1 || ends[i] != end || lasting[i].Steps < 1)
            {
                milestones.Error(
                    "does not fit the schedulers; valid: the step at which each but the first begins, which is the sum of total_iters before it");
                return schedulers;
            }
        }

        return [.. lasting, schedulers[^1]];
    }

    private static SchedulerParameters? ReadOne(SectionValue item, bool isFollowed, bool isFactor)
    {
        if (item.Node is YamlMapping { Entries: [{ Key: WrapperKey, Value: YamlMapping }] })
        {
            return ReadOne(item.Entries()[0].Value, isFollowed, isFactor);
        }

        if (item.Node is YamlMapping mapping && mapping.Entries.Any(entry => entry.Key == WrapperKey))
        {
            return item.AsSection(ValidItem) is { } flat ? SchedulerSection.Read(flat, isFollowed, isFactor) : null;
        }

        if (item.AsNamed(ValidItem) is not (string name, { } settings))
        {
            return null;
        }

        if (Combinations.TryGet(name, out Combination combination))
        {
            settings.Error($"is one of several schedulers; valid there: {SchedulerSection.ClassKinds}");
            return null;
        }

        return settings.AsKind(name, SchedulerSection.ClassKinds) is { } kind && settings.AsSection("a map of settings") is { } section
            ? SchedulerSection.Read(section, kind, isFollowed, isFactor)
            : null;
    }
}
