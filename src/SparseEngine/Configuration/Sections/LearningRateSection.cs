using System.Collections.Immutable;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads optimizer.learning_rate: a number, a scheduler, or a list of schedulers.</summary>
internal static class LearningRateSection
{
    private const string Key = "learning_rate";

    private static readonly string Valid = $"{Interval.NotNegative}, a scheduler, or a list of schedulers";

    private static readonly Choices<bool> MainSchedulers = new(("sequential", false), ("chained", true));

    /// <summary>Stands in where there is no valid one, so that the rest of the file is checked too.</summary>
    public static LearningRateParameters Invalid { get; } = new([new ConstantScheduler(0)]);

    /// <summary>Reads the key; null where it is missing or not valid.</summary>
    public static LearningRateParameters? Read(SectionReader optimizer)
    {
        if (optimizer.RequiredValue(Key, Valid) is not { } value)
        {
            return null;
        }

        switch (value.Node)
        {
            case YamlScalar:
                return value.AsNumber(Interval.NotNegative, Valid) is { } rate
                    ? new LearningRateParameters([new ConstantScheduler(rate, Steps: null)], Chained: false)
                    : null;
            case YamlMapping:
                return ReadAll([value]);
            case YamlSequence { Items.Count: > 0 }:
                return ReadAll(value.Items());
            default:
                value.Reject(Valid);
                return null;
        }
    }

    private static LearningRateParameters? ReadAll(ImmutableArray<SectionValue> values)
    {
        ImmutableArray<SectionReader> sections = [.. values.Select(v => v.AsSection("a map with a scheduler")).OfType<SectionReader>()];

        // Model Zoo releases differ in which entry of the list they look for main_scheduler in.
        bool chained = sections.Select(section => section.Choice("main_scheduler", MainSchedulers)).Contains(true);
        ImmutableArray<SchedulerParameters>.Builder schedulers = ImmutableArray.CreateBuilder<SchedulerParameters>();
        for (int i = 0; i < sections.Length; i++)
        {
            bool isFollowed = !chained && i < sections.Length - 1;
            if (SchedulerSection.Read(sections[i], isFollowed, isFactor: chained && i > 0) is { } scheduler)
            {
                schedulers.Add(scheduler);
            }
        }

        return schedulers.Count == 0 ? null : new LearningRateParameters(schedulers.ToImmutable(), chained);
    }
}
