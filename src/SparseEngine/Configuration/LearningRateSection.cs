using System.Collections.Immutable;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration;

/// <summary>Reads a learning rate: a number, one scheduler, or a list of them.</summary>
internal static class LearningRateSection
{
    private const string Key = "learning_rate";
    private const string Valid = "a number of 0 or more, a scheduler, or a list of schedulers";

    private static readonly (string Name, Func<SectionReader, SchedulerParameters> Read)[] Schedulers =
    [
        ("Constant", section => new ConstantScheduler(Rate(section, "learning_rate", "initial_learning_rate"), Steps(section))),
        ("Linear", section => Polynomial(section, isLinear: true)),
        ("Polynomial", section => Polynomial(section, isLinear: false)),
        ("Exponential", section => new ExponentialScheduler(
            Initial(section), section.RequiredNumber("decay_rate", rate => rate > 0, "a number above 0", "gamma"), section.Int("decay_steps", 1) ?? 1,
            section.Boolean("staircase") ?? false, section.Int("steps", 1))),
        ("InverseSquareRootDecay", section => new InverseSquareRootDecayScheduler(
            Rate(section, missing: 1, "initial_learning_rate", "learning_rate"), section.Number("scale", _ => true, "a number") ?? 1,
            section.Int("warmup_steps", 1) ?? 1, Steps(section))),
        ("CosineDecay", section => new CosineDecayScheduler(Initial(section), End(section), RequiredSteps(section))),
        ("PiecewiseConstant", PiecewiseConstant),
    ];

    /// <summary>Reads the key learning_rate of the optimizer section.</summary>
    public static LearningRateParameters Read(SectionReader optimizer)
    {
        switch (optimizer.Node(Key))
        {
            case null:
                optimizer.Missing(Key, Valid);
                break;
            case YamlMapping single:
                return new LearningRateParameters([ReadScheduler(single, optimizer.NameOf(Key), optimizer.Diagnostics, out bool chainedAlone)], chainedAlone);
            case YamlSequence { Items: [_, ..] items } when items.All(item => item is YamlMapping):
                return ReadList(items, optimizer);
            case { } node:
                if (YamlValues.Number(node) is >= 0 and { } constant)
                {
                    return new LearningRateParameters([new ConstantScheduler(constant, null)], Chained: false);
                }

                optimizer.Invalid(node, Key, Valid);
                break;
        }

        return new LearningRateParameters([new ConstantScheduler(0, null)], Chained: false);
    }

    private static LearningRateParameters ReadList(ImmutableArray<YamlNode> items, SectionReader optimizer)
    {
        bool chained = false;
        List<SchedulerParameters> schedulers = [];
        for (int i = 0; i < items.Length; i++)
        {
            string name = $"{optimizer.NameOf(Key)}[{i}]";
            int errors = optimizer.Diagnostics.Errors.Length;
            schedulers.Add(ReadScheduler((YamlMapping)items[i], name, optimizer.Diagnostics, out bool chains));
            chained |= i == 0 && chains;
            if (!chained && i < items.Length - 1 && schedulers[i].Steps is null && optimizer.Diagnostics.Errors.Length == errors)
            {
                optimizer.Diagnostics.Error(items[i], $"{name}.steps is missing; every scheduler but the last needs it, an integer of 1 or more");
            }
        }

        return new LearningRateParameters([.. schedulers], chained);
    }

    private static SchedulerParameters ReadScheduler(YamlMapping map, string path, DiagnosticBag diagnostics, out bool chained)
    {
        SectionReader section = new(map, path, diagnostics);
        chained = string.Equals(section.Text("main_scheduler"), "chained", StringComparison.OrdinalIgnoreCase);
        section.Ignore("disable_lr_steps_reset");
        string valid = string.Join(", ", Schedulers.Select(scheduler => scheduler.Name));
        switch (section.Node("scheduler", "name"))
        {
            case null:
                section.Missing("scheduler", valid);
                break;
            case YamlScalar name when Schedulers.FirstOrDefault(scheduler => IsNamed(scheduler.Name, name.Value)) is { Read: { } read }:
                SchedulerParameters result = read(section);
                section.Finish();
                return result;
            case { } other:
                section.Invalid(other, "scheduler", valid);
                break;
        }

        return new ConstantScheduler(0, 1);
    }

    // As in the zoo, the case does not matter and LR may follow.
    private static bool IsNamed(string scheduler, string name) =>
        string.Equals(scheduler, name, StringComparison.OrdinalIgnoreCase) || string.Equals(scheduler + "LR", name, StringComparison.OrdinalIgnoreCase);

    private static PolynomialScheduler Polynomial(SectionReader section, bool isLinear) =>
        new(Initial(section), End(section), RequiredSteps(section), isLinear ? 1 : section.Number("power", power => power > 0, "a number above 0") ?? 1, section.Boolean("cycle") ?? false);

    private static PiecewiseConstantScheduler PiecewiseConstant(SectionReader section)
    {
        ImmutableArray<double> values = Numbers(section, "values", rate => rate >= 0);
        ImmutableArray<double> boundaries = Numbers(section, "boundaries", step => step >= 0 && step == Math.Truncate(step) && step <= int.MaxValue);
        bool ascend = boundaries.Zip(boundaries.Skip(1)).All(pair => pair.First < pair.Second);
        if (!values.IsEmpty && !boundaries.IsEmpty && (values.Length != boundaries.Length + 1 || !ascend))
        {
            section.Diagnostics.Error(section.Map, $"{section.NameOf("boundaries")} has {boundaries.Length} steps for {values.Length} values; valid: ascending steps, one fewer than values");
        }

        return new PiecewiseConstantScheduler(values, [.. boundaries.Select(step => (int)step)], Steps(section));
    }

    private static ImmutableArray<double> Numbers(SectionReader section, string key, Func<double, bool> isValid)
    {
        const string List = "a list of numbers";
        switch (section.Node(key))
        {
            case null:
                section.Missing(key, List);
                return [];
            case YamlSequence sequence when sequence.Items.All(item => YamlValues.Number(item) is { } number && isValid(number)):
                return [.. sequence.Items.Select(item => YamlValues.Number(item)!.Value)];
            case { } other:
                section.Invalid(other, key, List + ", 0 or more each");
                return [];
        }
    }

    private static double Initial(SectionReader section) => Rate(section, "initial_learning_rate", "learning_rate", "base_lr");

    private static double End(SectionReader section) => Rate(section, "end_learning_rate");

    private static double Rate(SectionReader section, string key, params ReadOnlySpan<string> otherNames) =>
        section.RequiredNumber(key, rate => rate >= 0, "a number of 0 or more", otherNames);

    private static double Rate(SectionReader section, double missing, string key, params ReadOnlySpan<string> otherNames) =>
        section.Number(key, rate => rate >= 0, "a number of 0 or more", otherNames) ?? missing;

    private static int? Steps(SectionReader section) => section.Int("steps", 1, "decay_steps", "total_iters");

    private static int RequiredSteps(SectionReader section) => section.RequiredInt("steps", 1, "decay_steps", "total_iters");
}
