namespace SparseEngine.Configuration.Sections;

/// <summary>Reads the optimizer section.</summary>
internal static class OptimizerSection
{
    /// <summary>The update rules by their names.</summary>
    public static Choices<OptimizerKind> Kinds { get; } = new(
        ("AdamW", OptimizerKind.AdamW), ("Adam", OptimizerKind.Adam), ("SGD", OptimizerKind.Sgd));

    /// <summary>Reads the section.</summary>
    public static OptimizerParameters Read(SectionReader section)
    {
        OptimizerParameters parameters = new()
        {
            Kind = section.Choice("optimizer_type", Kinds, required: true) ?? OptimizerKind.AdamW,
            LearningRate = LearningRateSection.Read(section) ?? LearningRateSection.Invalid,
            GradAccumSteps = section.Integer("grad_accum_steps", minimum: 1) ?? 1,
        };
        parameters = ReadGradientScaling(section, ReadRule(section, parameters));
        RejectTrue(section, "disable_lr_steps_reset");
        section.Ignore("log_summaries");
        section.Finish();
        return parameters;
    }

    /// <summary>Reads the settings of the update rule itself.</summary>
    /// <param name="section">Where they are.</param>
    /// <param name="defaults">What is taken where they are not given.</param>
    public static OptimizerParameters ReadRule(SectionReader section, OptimizerParameters defaults)
    {
        (double? beta1, double? beta2) = ReadBetas(section);
        OptimizerParameters parameters = defaults with
        {
            Beta1 = beta1 ?? defaults.Beta1,
            Beta2 = beta2 ?? defaults.Beta2,
            Epsilon = section.Number("eps", Interval.Positive) ?? defaults.Epsilon,
            WeightDecayRate = section.Number(section.NameOf("weight_decay_rate", "weight_decay"), Interval.NotNegative) ?? defaults.WeightDecayRate,
            CorrectBias = section.Boolean("correct_bias") ?? defaults.CorrectBias,
            Momentum = section.Number("momentum", Interval.Fraction) ?? defaults.Momentum,
            UseNesterov = section.Boolean(section.NameOf("use_nesterov", "nesterov")) ?? defaults.UseNesterov,
        };
        RejectTrue(section, "amsgrad");
        UnimplementedKeys.Refuse(section, UnimplementedKeys.OfOptimizer);
        return parameters;
    }

    /// <summary>Reads how gradients are clipped; how a loss is scaled for half precision does not matter in float32.</summary>
    public static OptimizerParameters ReadGradientScaling(SectionReader section, OptimizerParameters parameters)
    {
        section.Value("max_gradient_value")?.Error("is not supported; use max_gradient_norm");
        section.Ignore("loss_scaling_factor", "initial_loss_scale", "steps_per_increase", "min_loss_scale", "max_loss_scale");
        return parameters with { MaxGradientNorm = section.Number("max_gradient_norm", Interval.Positive) };
    }

    /// <summary>Reads beta1 and beta2, or the pair that Model Zoo 2.x calls betas.</summary>
    private static (double? Beta1, double? Beta2) ReadBetas(SectionReader section)
    {
        double? beta1 = section.Number("beta1", Interval.Fraction);
        double? beta2 = section.Number("beta2", Interval.Fraction);
        if (section.Value("betas") is not { } betas)
        {
            return (beta1, beta2);
        }

        if (section.Has("beta1") || section.Has("beta2"))
        {
            betas.Error("means the same as beta1 and beta2, which are given too; give one of them");
        }

        if (betas.Items() is [SectionValue first, SectionValue second])
        {
            return (first.AsNumber(Interval.Fraction), second.AsNumber(Interval.Fraction));
        }

        betas.Reject($"a list of two, each {Interval.Fraction}");
        return (beta1, beta2);
    }

    private static void RejectTrue(SectionReader section, string key)
    {
        if (section.Boolean(key) is true)
        {
            section.Error(key, "is true, which is not supported; valid: false");
        }
    }
}
