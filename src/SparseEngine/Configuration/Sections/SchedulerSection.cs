using System.Collections.Immutable;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads one scheduler of the learning rate.</summary>
internal static class SchedulerSection
{
    private const string Suffix = "LR";

    private static readonly ImmutableArray<(string Name, Kind Kind)> Names =
    [
        ("Constant", Kind.Constant), ("Linear", Kind.Linear), ("Polynomial", Kind.Polynomial), ("Exponential", Kind.Exponential),
        ("InverseSquareRootDecay", Kind.InverseSquareRootDecay), ("CosineDecay", Kind.CosineDecay), ("PiecewiseConstant", Kind.PiecewiseConstant),
    ];

    /// <summary>The kinds by the names of their classes: <c>LinearLR</c>.</summary>
    public static Choices<Kind> ClassKinds { get; } = new([.. Names.Select(n => (n.Name + Suffix, n.Kind))], synonyms: Names.AsSpan());

    private static readonly Choices<Kind> Kinds = new(Names.AsSpan(), synonyms: [.. Names.Select(n => (n.Name + Suffix, n.Kind))]);

    private static readonly string[] RateNames = ["initial_learning_rate", "learning_rate", "base_lr"];
    private static readonly string[] StepNames = ["steps", "decay_steps", "total_iters"];

    /// <summary>What a scheduler computes.</summary>
    internal enum Kind
    {
        Constant,
        Linear,
        Polynomial,
        Exponential,
        InverseSquareRootDecay,
        CosineDecay,
        PiecewiseConstant,
    }

    /// <summary>Reads a scheduler; null where its kind is missing or unknown.</summary>
    /// <param name="section">The scheduler's map.</param>
    /// <param name="isFollowed">Whether another one takes over after its steps, which it must then give.</param>
    /// <param name="isFactor">Whether the learning rate is multiplied by what fraction of its initial rate it is at.</param>
    public static SchedulerParameters? Read(SectionReader section, bool isFollowed, bool isFactor)
    {
        if (section.Choice("scheduler", Kinds, required: true) is { } kind)
        {
            return Read(section, kind, isFollowed, isFactor);
        }

        if (!section.Has("scheduler"))
        {
            section.Ignore([.. RateNames, .. StepNames, "end_learning_rate", "power", "cycle", "decay_rate", "values", "boundaries"]);
            section.Finish();
        }

        return null;
    }

    /// <summary>Reads the settings of a scheduler of a known kind.</summary>
    public static SchedulerParameters Read(SectionReader section, Kind kind, bool isFollowed, bool isFactor)
    {
        SchedulerParameters scheduler = kind switch
        {
            Kind.Constant => new ConstantScheduler(
                ReadRate(section, section.NameOf("learning_rate", "initial_learning_rate", "base_lr")), ReadSteps(section, isFollowed)),
            Kind.Linear => new PolynomialScheduler(
                ReadInitialRate(section), ReadEndRate(section), ReadDecaySteps(section), Power: 1, section.Boolean("cycle") ?? false),
            Kind.Polynomial => new PolynomialScheduler(
                ReadInitialRate(section), ReadEndRate(section), ReadDecaySteps(section),
                section.Number("power", Interval.Positive) ?? 1, section.Boolean("cycle") ?? false),
            Kind.CosineDecay => new CosineDecayScheduler(ReadInitialRate(section), ReadEndRate(section), ReadDecaySteps(section)),
            Kind.Exponential => ReadExponential(section, isFollowed),
            Kind.InverseSquareRootDecay => new InverseSquareRootDecayScheduler(
                section.Number(section.NameOf(RateNames), Interval.NotNegative) ?? 1, section.Number("scale", Interval.NotNegative) ?? 1,
                section.Integer("warmup_steps", minimum: 1) ?? 1, ReadSteps(section, isFollowed)),
            _ => ReadPiecewiseConstant(section, isFollowed),
        };
        UnimplementedKeys.Refuse(section, UnimplementedKeys.OfScheduler);
        if (isFactor && scheduler.InitialRate == 0)
        {
            const string text = "begins at 0, by which a chained scheduler is divided; valid: a first rate above 0";
            if (section.Has("scheduler"))
            {
                section.Error("scheduler", text);
            }
            else
            {
                section.Error(text);
            }
        }

        section.Finish();
        return scheduler;
    }

    private static ExponentialScheduler ReadExponential(SectionReader section, bool isFollowed)
    {
        // As in the Model Zoo, the steps are both the length of the decay and how long the scheduler lasts.
        int? steps = section.Integer(section.NameOfAgreeing(StepNames), minimum: 1, required: isFollowed);
        return new ExponentialScheduler(
            ReadInitialRate(section), section.Number(section.NameOf("decay_rate", "gamma"), Interval.Positive, required: true) ?? 1,
            steps ?? 1, section.Boolean("staircase") ?? false, steps);
    }

    private static PiecewiseConstantScheduler ReadPiecewiseConstant(SectionReader section, bool isFollowed)
    {
        const int invalidBoundary = 0;
        SectionValue? values = section.RequiredValue(section.NameOf("values", "learning_rates"), "a list of rates");
        SectionValue? boundaries = section.RequiredValue(section.NameOf("boundaries", "milestones"), PiecewiseConstantScheduler.ValidBoundaries);
        PiecewiseConstantScheduler scheduler = new(
            [.. (values?.Items() ?? []).Select(v => v.AsNumber(Interval.NotNegative) ?? 1)],
            [.. (boundaries?.Items() ?? []).Select(v => (int)(v.AsInteger(1, int.MaxValue) ?? invalidBoundary))],
            ReadSteps(section, isFollowed));
        if (scheduler.Values.IsEmpty)
        {
            values?.Reject("a list of rates");
            scheduler = scheduler with { Values = [1] };
        }
        else if (boundaries is not null && !scheduler.Boundaries.Contains(invalidBoundary) && !scheduler.HasFittingBoundaries)
        {
            boundaries.Error($"does not fit the {scheduler.Values.Length} values; valid: {PiecewiseConstantScheduler.ValidBoundaries}");
        }

        return scheduler;
    }

    private static double ReadInitialRate(SectionReader section) => ReadRate(section, section.NameOf(RateNames));

    private static double ReadEndRate(SectionReader section) => ReadRate(section, "end_learning_rate");

    private static double ReadRate(SectionReader section, string key) => section.Number(key, Interval.NotNegative, required: true) ?? 1;

    private static int ReadDecaySteps(SectionReader section) => section.Integer(section.NameOfAgreeing(StepNames), minimum: 0, required: true) ?? 0;

    private static int? ReadSteps(SectionReader section, bool required) => section.Integer(section.NameOfAgreeing(StepNames), minimum: 0, required);
}
