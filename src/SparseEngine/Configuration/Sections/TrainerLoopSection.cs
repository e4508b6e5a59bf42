using System.Globalization;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads <c>trainer.init.loop</c>: how long to train and how often to evaluate.</summary>
internal static class TrainerLoopSection
{
    private const string ValidFrequency = "an integer of at least 0, or a share of the steps in (0, 1] with a decimal point";

    /// <summary>Reads the section; grad_accum_steps belongs to the optimizer and is read there.</summary>
    public static RunConfig Read(SectionReader section, RunConfig config, RunConfigOverrides options)
    {
        config = config with
        {
            MaxSteps = section.Integer("max_steps", minimum: 1),
            NumSteps = section.Integer("num_steps", minimum: 1),
            NumEpochs = section.Integer("num_epochs", minimum: 1),
            StepsPerEpoch = section.Integer("steps_per_epoch", minimum: 1),
            BudgetSteps = section.Integer("budget_steps", minimum: 1),
            EvalSteps = section.Integer("eval_steps", minimum: 1),
            EarlyStop = section.Integer("early_stop", minimum: 1),
        };
        config = RunConfigSection.ReadTimeBudget(section, config);
        config = config with { EvalFrequency = ReadFrequency(section, options.NumSteps ?? options.MaxSteps ?? config.NumSteps ?? config.MaxSteps) };
        section.Finish();
        return config;
    }

    /// <summary>Reads eval_frequency; null for one evaluation at the end, which a share of 1, none, and 0 are here.</summary>
    private static int? ReadFrequency(SectionReader section, int? steps)
    {
        if (section.Value("eval_frequency") is not { } value)
        {
            return null;
        }

        // What Python takes for a float is a share: 1.0 is not 1.
        bool isShare = value.Node is YamlScalar { IsPlain: true } scalar && scalar.Text.AsSpan().ContainsAny('.', 'e', 'E')
            && double.TryParse(scalar.Text, CultureInfo.InvariantCulture, out double written) && written is > 0 and <= 1;
        if (!isShare)
        {
            return value.AsInteger(0, int.MaxValue, ValidFrequency) is > 0 and long frequency ? (int)frequency : null;
        }

        double share = value.AsNumber(Interval.Positive, ValidFrequency) ?? 1;
        if (share == 1)
        {
            return null;
        }

        if (steps is null)
        {
            value.Error(
                $"is {value.Node.Display}, a share of the steps, which only the data tell; valid: an integer of at least 0, or give max_steps");
            return null;
        }

        return (int)Math.Ceiling(share * steps.Value);
    }
}
