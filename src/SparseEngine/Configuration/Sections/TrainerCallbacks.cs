using System.Collections.Frozen;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>
/// Reads <c>trainer.init.callbacks</c>, a list of callbacks, each named by the one key of its map; null or false in place of settings turns
/// one off.
/// </summary>
internal sealed record TrainerCallbacks
{
    private const string Valid = "a list of callbacks, each a map of one key: its name";

    private static readonly Choices<Effect> Effects = new(
    [
        ("CheckLoss", Effect.CheckLoss), ("ModelEvalMetrics", Effect.EvalMetrics), ("KeepNCheckpoints", Effect.KeepCheckpoints),
        ("LoadCheckpointStates", Effect.LoadStates), ("Lora", Effect.Refused), ("SelectiveGrad", Effect.Refused),
        ("WeightCompression", Effect.Refused), ("SkipSamples", Effect.Refused), ("EleutherEvalHarness", Effect.NotRun),
        ("BigCodeEvalHarness", Effect.NotRun), ("ComputeNorm", Effect.None), ("ComputeNormGNS", Effect.None), ("CountParams", Effect.None),
        ("DebugArgsPath", Effect.None), ("DumpActivations", Effect.None), ("DumpAvailableTensorNames", Effect.None),
        ("DurationProfiler", Effect.None), ("EmailNotification", Effect.None), ("FlopUtilization", Effect.None), ("GlobalFlags", Effect.None),
        ("HFCacheDir", Effect.None), ("Listener", Effect.None), ("LogInputSummaries", Effect.None), ("LogOptimizerParamGroup", Effect.None),
        ("LogSparsity", Effect.None), ("ModelZooParamsMetadata", Effect.None), ("NaNChecker", Effect.None), ("NormTensorListener", Effect.None),
        ("OpProfiler", Effect.None), ("Profiler", Effect.None), ("RateProfiler", Effect.None), ("SamplesStreamedInfo", Effect.None),
        ("SaveCheckpointState", Effect.None), ("SavePerformanceData", Effect.None), ("ScopedBigCodeEvalHarnessFlags", Effect.None),
        ("ScopedEleutherEvalHarnessFlags", Effect.None), ("ScopedTrainFlags", Effect.None), ("ScopedValidateFlags", Effect.None),
        ("SlackNotification", Effect.None), ("SummaryTensorListener", Effect.None),
    ]);

    private static readonly FrozenSet<string> WeightsAlone = new[] { "model" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private enum Effect
    {
        None,
        CheckLoss,
        EvalMetrics,
        KeepCheckpoints,
        LoadStates,
        NotRun,
        Refused,
    }

    /// <summary>Whether a loss that is not finite ends the run.</summary>
    public bool ChecksLoss { get; private set; } = true;

    /// <summary>Whether evaluation reports perplexity and accuracy.</summary>
    public bool ComputesEvalMetrics { get; private set; } = true;

    /// <summary>How many checkpoints stay; null for all.</summary>
    public int? KeptCheckpoints { get; private set; }

    /// <summary>Whether a checkpoint that is given starts the run with its weights alone.</summary>
    public bool TakesWeightsAlone { get; private set; }

    /// <summary>Reads the section.</summary>
    public static TrainerCallbacks Read(SectionReader init)
    {
        TrainerCallbacks callbacks = new();
        if (init.Value("callbacks") is not { } value)
        {
            return callbacks;
        }

        if (value.Node is not YamlSequence)
        {
            value.Reject(Valid);
        }

        foreach (SectionValue item in value.Items())
        {
            if (item.AsNamed(Valid) is (string name, { } settings))
            {
                callbacks.Read(name, settings);
            }
        }

        return callbacks;
    }

    private void Read(string name, SectionValue settings)
    {
        if (!Effects.TryGet(name, out Effect effect))
        {
            settings.WarnOfUnknown("callback", Effects.Names);
            return;
        }

        bool isOn = settings.Node is not YamlScalar { IsNull: true } && !IsFalse(settings.Node);
        switch (effect)
        {
            case Effect.CheckLoss:
                ChecksLoss = isOn;
                break;
            case Effect.EvalMetrics:
                ComputesEvalMetrics = isOn;
                break;
            case Effect.KeepCheckpoints when isOn:
                ReadKept(settings);
                break;
            case Effect.LoadStates when isOn:
                ReadStates(settings);
                break;
            case Effect.Refused when isOn:
                settings.Error("is not implemented, and what is trained would be another; leave it out");
                break;
            case Effect.NotRun when isOn:
                settings.Warn("is not run here; it changes nothing that is trained");
                break;
        }
    }

    private static bool IsFalse(YamlNode node) =>
        node is YamlScalar { IsPlain: true } scalar && ScalarSyntax.TryBoolean(scalar.Text, out bool value) && !value;

    private void ReadKept(SectionValue settings)
    {
        if (settings.AsSection("a map with n") is { } section)
        {
            KeptCheckpoints = section.Integer("n", minimum: 1);
            section.Finish();
        }
    }

    private void ReadStates(SectionValue settings)
    {
        const string key = "load_checkpoint_states";
        const string valid = "all, or model for the weights alone";
        if (settings.AsSection($"a map with {key}") is not { } section)
        {
            return;
        }

        if (section.Value(key) is { } value)
        {
            string text = value.Node is YamlSequence
                ? string.Join(',', value.Items().Select(item => item.AsText(valid)))
                : value.AsText(valid) ?? "all";
            TakesWeightsAlone = WeightsAlone.Contains(text.Trim());
            if (!TakesWeightsAlone && !text.Equals("all", StringComparison.OrdinalIgnoreCase))
            {
                value.Error($"is \"{text}\"; valid: {valid}");
            }
        }

        section.Finish();
    }
}
