using System.Text.RegularExpressions;

namespace SparseEngine.Configuration.Sections;

/// <summary>
/// What weights of a group share, as a section or a block within it gives it. A setting that is given but not valid counts as given: it is
/// reported once.
/// </summary>
internal sealed record SparsitySettings
{
    /// <summary>A weight's seed is its group's plus the weight's index; the sum must stay a 64-bit number.</summary>
    private const long MaximumSeed = long.MaxValue - int.MaxValue;

    private const string BlockRowsKey = "block_rows";

    private static readonly Choices<SparsityMethod> Methods = new(
        ("random", SparsityMethod.Random), ("topk", SparsityMethod.TopK), ("from_zeros", SparsityMethod.FromZeros),
        ("checkerboard", SparsityMethod.Checkerboard));

    // Both names of a mask that does not change: 1.7's and 1.9's, and 2.x's.
    private static readonly Choices<SparsityAlgorithm> Algorithms = new(
        [
            ("static", SparsityAlgorithm.Static), ("sideband", SparsityAlgorithm.Static), ("gmp", SparsityAlgorithm.Gmp),
            ("set", SparsityAlgorithm.Set), ("rigl", SparsityAlgorithm.RigL),
        ]);

    private HyperparameterSchedule? Level { get; init; }

    private SparsityMethod? Method { get; init; }

    private long? Seed { get; init; }

    private SparsityAlgorithm Algorithm { get; init; }

    private UpdateSchedule? Updates { get; init; }

    private HyperparameterSchedule? DropFraction { get; init; }

    private SparsityBalance? Balance { get; init; }

    private int? BlockRows { get; init; }

    private double? MupBaseDensity { get; init; }

    private bool HasLevel { get; init; }

    private bool HasMethod { get; init; }

    /// <summary>Reads the settings of the section, or of a block that overrides it.</summary>
    /// <param name="section">The map that has them.</param>
    /// <param name="required">Whether weights take them as they are.</param>
    /// <param name="context">What the section stands in.</param>
    /// <param name="inherited">What the map need not say.</param>
    public static SparsitySettings Read(SectionReader section, bool required, SparsityContext context, SparsitySettings? inherited = null)
    {
        inherited ??= new SparsitySettings();
        string algorithmKey = section.NameOf("algorithm", "type");
        SparsityAlgorithm algorithm = section.Choice(algorithmKey, Algorithms) ?? inherited.Algorithm;
        bool isStatic = algorithm == SparsityAlgorithm.Static;

        // Only Model Zoo 1.8 demands a method: later files say so by the keys that they have.
        bool needsMethod = context.RequiresMethod && isStatic && !section.HasAny("algorithm", "param_filter");
        (string levelKey, string updatesKey) = KeysOfSchedules(section);
        SectionValue? level = section.Value(levelKey);
        SectionValue? updates = section.Value(updatesKey);
        SparsitySettings settings = new()
        {
            Algorithm = algorithm,
            Level = ReadLevel(section, level, required && !inherited.HasLevel, isStatic) ?? inherited.Level,
            Method = section.Choice("init_method", Methods, required && needsMethod && !inherited.HasMethod) ?? inherited.Method,
            Seed = section.LongInteger("seed", 0, MaximumSeed) ?? inherited.Seed ?? context.Seed,
            Updates = (updates is null ? null : UpdateScheduleSection.Read(updates)) ?? inherited.Updates,
            DropFraction = ReadSchedule(section.Value("drop_fraction"), Interval.Share) ?? inherited.DropFraction,
            Balance = ReadBalance(section) ?? inherited.Balance,
            BlockRows = section.Integer(BlockRowsKey, minimum: 1) ?? inherited.BlockRows,
            MupBaseDensity = section.Number("mup_base_density", Interval.PositiveShare) ?? inherited.MupBaseDensity,
            HasLevel = level is not null || inherited.HasLevel,
            HasMethod = section.Has("init_method") || inherited.HasMethod,
        };
        section.Ignore("add_summaries");
        section.Value("tiebreak")?.Error("is not supported: ties go to the lowest index; leave it out");
        if (!isStatic && required)
        {
            settings.CheckSchedules(section, context, levelKey, updatesKey);
        }
        else if (isStatic && section.IsValid(algorithmKey))
        {
            WarnOfUnused(section, updatesKey);
        }

        if (required && section.IsValid(BlockRowsKey) && BlockRowsRule.Broken(settings.ToGroup(pattern: null, location: "")) is { } broken)
        {
            section.Error(BlockRowsKey, broken);
        }

        return settings;
    }

    /// <summary>The group of the weights that a pattern selects.</summary>
    public SparsityGroup ToGroup(Regex? pattern, string location, string? glob = null)
    {
        DynamicSparsity? dynamic = Dynamic;
        double level = Level is ConstantValue constant ? constant.Value : dynamic?.LevelAfter(0) ?? 0;
        return new SparsityGroup(pattern, level, Method ?? SparsityMethod.Random, Seed, location)
        {
            Glob = glob, Balance = Balance, BlockRows = BlockRows ?? 1, Dynamic = dynamic, MupBaseDensity = MupBaseDensity,
        };
    }

    private DynamicSparsity? Dynamic => Algorithm == SparsityAlgorithm.Static ? null : new DynamicSparsity(
        Algorithm, Level ?? new ConstantValue(0), Updates ?? new PeriodicUpdates(1), DropFraction ?? DynamicSparsity.DefaultDropFraction);

    /// <summary>The level is sparsity, or schedule, and update says when masks change; in Model Zoo 2.0 that was schedule.</summary>
    private static (string Level, string Updates) KeysOfSchedules(SectionReader section) =>
        section.Entry("schedule") is { } schedule && UpdateScheduleSection.IsMeant(schedule.Value)
            ? ("sparsity", section.NameOf("update", "schedule"))
            : (section.NameOf("sparsity", "schedule"), "update");

    private static HyperparameterSchedule? ReadLevel(SectionReader section, SectionValue? level, bool required, bool isStatic)
    {
        if (level is null)
        {
            // Recorded as missing, where it has to be there.
            section.Number("sparsity", Interval.Fraction, required);
            return null;
        }

        if (!isStatic)
        {
            return ReadSchedule(level, Interval.Share);
        }

        if (level.Node is Yaml.YamlScalar)
        {
            return level.AsNumber(Interval.Fraction) is { } number ? new ConstantValue(number) : null;
        }

        level.Error("changes over the steps, which static sparsity cannot; give a number in [0, 1), or an algorithm: gmp, set, rigl");
        return null;
    }

    private static HyperparameterSchedule? ReadSchedule(SectionValue? value, Interval valid) =>
        value is null ? null : HyperparameterScheduleSection.Read(value, valid);

    private static SparsityBalance? ReadBalance(SectionReader section)
    {
        string inputs = section.NameOf("in_groups", "balance_in_groups");
        string outputs = section.NameOf("out_groups", "balance_out_groups");
        int? ofInputs = section.Integer(inputs, minimum: 1);
        int? ofOutputs = section.Integer(outputs, minimum: 1);
        if (section.Has(inputs) && section.Has(outputs))
        {
            section.Error(outputs, $"and {inputs} are both given; give one of them");
        }

        return ofInputs is { } columns ? new SparsityBalance(OfInputs: true, columns)
            : ofOutputs is { } rows ? new SparsityBalance(OfInputs: false, rows)
            : null;
    }

    private static void WarnOfUnused(SectionReader section, string updatesKey)
    {
        if (section.Has(updatesKey))
        {
            section.Warn(updatesKey, "means nothing to static sparsity; algorithms that change masks: gmp, set, rigl");
        }

        if (section.Has("drop_fraction"))
        {
            section.Warn("drop_fraction", "means nothing to static sparsity; algorithms that drop weights: set, rigl");
        }
    }

    private void CheckSchedules(SectionReader section, SparsityContext context, string levelKey, string updatesKey)
    {
        bool isComplete = Level is not null && (Updates is not null || !section.Has(updatesKey))
            && (DropFraction is not null || !section.Has("drop_fraction"));
        if (Dynamic is not { } dynamic || !isComplete || !section.IsSettled(levelKey) || !section.IsSettled(updatesKey)
            || !section.IsSettled("drop_fraction"))
        {
            return;
        }

        if (DynamicSparsityRules.NeverWithin(dynamic, context.LastStep) is { } never)
        {
            Report(section, updatesKey, never, context.IsShortened);
        }

        foreach (BrokenSchedule broken in DynamicSparsityRules.Broken(dynamic, context.LastStep))
        {
            section.Error(broken.Setting == DynamicSetting.Level ? levelKey : "drop_fraction", broken.Text);
        }
    }

    // A run that the command line shortens may well go on later.
    private static void Report(SectionReader section, string key, string never, bool isShortened)
    {
        if (isShortened)
        {
            section.Warn(key, never);
        }
        else
        {
            section.Error(key, $"{never}; valid: an update within the run");
        }
    }
}
