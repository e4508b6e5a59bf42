using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>
/// Reads the optimizer of the trainer layout: <c>optimizer</c>, a map whose one key names the update rule, its rate in <c>schedulers</c>,
/// clipping in <c>precision</c>, and accumulation in <c>loop</c>.
/// </summary>
internal static class TrainerOptimizerSection
{
    private const string OptimizerKey = "optimizer";
    private const string TypeKey = "optimizer_type";

    private static readonly string Valid = $"a map of one key with settings of its own: {OptimizerSection.Kinds}";

    /// <summary>Reads them; null where there is no optimizer, so that the run can only evaluate.</summary>
    public static OptimizerParameters? Read(SectionReader init, SectionReader? precision, SectionReader? loop)
    {
        LearningRateParameters? scheduled = TrainerSchedulersSection.Read(init);
        OptimizerParameters? optimizer = init.Value(OptimizerKey) is { } value ? ReadRule(init, value, scheduled) : null;
        OptimizerParameters rest = ReadPrecision(
            precision, new OptimizerParameters { Kind = OptimizerKind.AdamW, LearningRate = LearningRateSection.Invalid });
        int accumulated = loop?.Integer("grad_accum_steps", minimum: 1) ?? 1;
        return optimizer is null ? null : optimizer with { MaxGradientNorm = rest.MaxGradientNorm, GradAccumSteps = accumulated };
    }

    private static OptimizerParameters? ReadRule(SectionReader init, SectionValue value, LearningRateParameters? scheduled)
    {
        if (FindRule(value) is not ({ } kind, { } section))
        {
            return null;
        }

        // Bias correction is the default of 2.x, not of 1.8.
        OptimizerParameters defaults = new() { Kind = kind, LearningRate = ReadRate(init, section, scheduled), CorrectBias = true };
        OptimizerParameters parameters = OptimizerSection.ReadRule(section, defaults);
        section.Finish();
        return parameters;
    }

    /// <summary>The update rule and where its settings are; in the way of 1.8 it may also be named by optimizer_type among them.</summary>
    private static (OptimizerKind? Kind, SectionReader? Section) FindRule(SectionValue value)
    {
        if (value.Node is YamlMapping && value.AsSection(Valid) is { } flat && flat.Mentions(TypeKey))
        {
            return (flat.Choice(TypeKey, OptimizerSection.Kinds, required: true), flat);
        }

        return value.AsNamed(Valid) is (string name, { } settings) && settings.AsKind(name, OptimizerSection.Kinds) is { } kind
            ? (kind, settings.AsOptionalSection("a map of settings"))
            : (null, null);
    }

    /// <summary>The rate of the schedulers; without any, the constant one of the optimizer itself, which they otherwise overrule.</summary>
    private static LearningRateParameters ReadRate(SectionReader init, SectionReader section, LearningRateParameters? scheduled)
    {
        string key = section.NameOf("learning_rate", "lr");
        if (TrainerSchedulersSection.IsGiven(init))
        {
            return scheduled ?? LearningRateSection.Invalid;
        }

        if (!section.Has(key))
        {
            init.Error(TrainerSchedulersSection.Key, $"is missing; valid: {TrainerSchedulersSection.Valid}");
        }

        return section.Number(key, Interval.NotNegative) is { } rate
            ? new LearningRateParameters([new ConstantScheduler(rate)])
            : LearningRateSection.Invalid;
    }

    private static OptimizerParameters ReadPrecision(SectionReader? precision, OptimizerParameters parameters)
    {
        if (precision is null)
        {
            return parameters;
        }

        parameters = OptimizerSection.ReadGradientScaling(precision, parameters);
        precision.Ignore("enabled", "fp16_type", "precision_opt_level", "log_loss_scale");
        precision.Finish();
        return parameters;
    }
}
