using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration;

/// <summary>Reads the optimizer section.</summary>
internal static class OptimizerSection
{
    private const string Beta = "a number from 0 to below 1";

    private static readonly (string, OptimizerKind)[] Kinds = [("AdamW", OptimizerKind.AdamW), ("Adam", OptimizerKind.Adam), ("SGD", OptimizerKind.Sgd)];

    /// <summary>Reads the section.</summary>
    public static OptimizerParameters Read(SectionReader section)
    {
        section.Ignore(
            "loss_scaling_factor", "initial_loss_scale", "steps_per_increase", "min_loss_scale", "max_loss_scale", "log_summaries", "disable_lr_steps_reset",
            "use_bias_correction", "epsilon", "alpha", "ws_summary", "log_grads", "mixed_precision");
        section.Refuse("amsgrad", node => YamlValues.Boolean(node) != false, "leave the key out");
        section.Refuse("max_gradient_value", _ => true, "use max_gradient_norm");
        Func<double, bool> notNegative = value => value >= 0;
        (double beta1, double beta2) = Betas(section);
        OptimizerParameters optimizer = new()
        {
            Kind = section.RequiredChoice("optimizer_type", Kinds),
            LearningRate = LearningRateSection.Read(section),
            Beta1 = beta1,
            Beta2 = beta2,
            Epsilon = section.Number("eps", epsilon => epsilon > 0, "a number above 0") ?? 1e-6,
            WeightDecayRate = section.Number("weight_decay_rate", notNegative, "a number of 0 or more", "weight_decay") ?? 0,
            CorrectBias = section.Boolean("correct_bias") ?? false,
            Momentum = section.Number("momentum", momentum => momentum is >= 0 and < 1, Beta) ?? 0,
            UseNesterov = section.Boolean("use_nesterov") ?? false,
            MaxGradientNorm = section.Number("max_gradient_norm", norm => norm > 0, "a number above 0"),
            GradAccumSteps = section.Int("grad_accum_steps", 1) ?? 1,
        };
        if (optimizer is { Kind: OptimizerKind.Sgd, UseNesterov: true, Momentum: 0 } && section.Node("use_nesterov") is { } nesterov)
        {
            section.Diagnostics.Error(nesterov, $"{section.NameOf("use_nesterov")} needs {section.NameOf("momentum")} above 0");
        }

        section.Finish();
        return optimizer;
    }

    /// <summary>beta1 and beta2, or the later releases' betas: [beta1, beta2].</summary>
    private static (double Beta1, double Beta2) Betas(SectionReader section)
    {
        Func<double, bool> isBeta = beta => beta is >= 0 and < 1;
        double beta1 = section.Number("beta1", isBeta, Beta) ?? 0.9;
        double beta2 = section.Number("beta2", isBeta, Beta) ?? 0.999;
        switch (section.Node("betas"))
        {
            case null:
                return (beta1, beta2);
            case YamlSequence { Items: [var first, var second] } when YamlValues.Number(first) is { } b1 && YamlValues.Number(second) is { } b2 && isBeta(b1) && isBeta(b2):
                return (b1, b2);
            case { } other:
                section.Invalid(other, "betas", "a list of two numbers from 0 to below 1");
                return (beta1, beta2);
        }
    }
}
