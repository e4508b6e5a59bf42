using System.Collections.Immutable;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>
/// The trainer layout of Model Zoo 2.x: <c>trainer</c> with <c>init</c>, which makes a trainer, and <c>fit</c>, <c>validate</c> and
/// <c>validate_all</c>, which say what it does in each mode.
/// </summary>
internal static class TrainerLayout
{
    /// <summary>The key that tells it from the layout of 1.8.</summary>
    public const string Key = "trainer";

    private const string Valid = "a map with init, and fit, validate or validate_all";

    /// <summary>Reads the whole file.</summary>
    public static RunParameters Read(SectionReader file, RunConfigOverrides options, DiagnosticCollector diagnostics)
    {
        SectionReader? trainer = Find(file);
        file.Ignore("description");
        file.Finish();
        if (trainer is null)
        {
            diagnostics.ThrowIfAnyError();
        }

        SectionReader? init = trainer!.Section("init", "a map with model, optimizer, schedulers, loop and so on", required: true);
        TrainerInit read = init is null ? TrainerInit.Missing : TrainerInit.Read(init, options);
        TrainerInputs inputs = TrainerInputs.Read(trainer, read.Model.MaxPositionEmbeddings);
        trainer.Finish();

        string? path = options.CheckpointPath ?? inputs.FitCheckpoint;
        RunParameters parameters = new()
        {
            Keys = KeyNames.Trainer,
            TrainInput = inputs.Train?.Parameters,
            Model = read.Model,
            Sparsity = read.Sparsity,
            Optimizer = read.Optimizer,
            RunConfig = CommandLineOverrides.Apply(
                options,
                read.RunConfig with { CheckpointPath = path, IsPretrainedCheckpoint = read.TakesWeightsAlone && path is not null },
                diagnostics),
        };
        RunSections sections = new(inputs.Train?.Section, null, read.ModelSection, read.Loop, read.Loop);
        sections.CheckPretrained(parameters.RunConfig, options, diagnostics);
        return WithEvaluations(parameters, inputs, sections, options, diagnostics);
    }

    /// <summary>The map of <c>init</c>, for what needs that alone; null where it is missing or not valid.</summary>
    public static SectionReader? FindInit(SectionReader file) => Find(file)?.Section("init", "a map of settings", required: true);

    /// <summary>The trainer; null where it is not valid. A list of trainers, each under a key of its own, may have one.</summary>
    private static SectionReader? Find(SectionReader file)
    {
        if (file.Value(Key) is not { } value)
        {
            file.Error(Key, $"is empty; valid: {Valid}");
            return null;
        }

        switch (value.Items())
        {
            case [SectionValue one]:
                return one.AsSection($"a map with the key {Key}")?.Section(Key, Valid, required: true);
            case [_, _, ..] several:
                value.Error($"is a list of {several.Length} trainers, which run one after another; valid: one, so give each a file of its own");
                return null;
            default:
                return value.AsSection(Valid);
        }
    }

    /// <summary>Adds what is evaluated on in each mode; a mode that the file says nothing of takes what another one has.</summary>
    private static RunParameters WithEvaluations(
        RunParameters run, TrainerInputs inputs, RunSections sections, RunConfigOverrides options, DiagnosticCollector diagnostics)
    {
        run = sections.Check(run, diagnostics);
        Dictionary<TrainerInput, InputParameters> settled = [];
        foreach (TrainerInput input in inputs.Evaluated)
        {
            run = (sections with { EvalInput = input.Section }).Check(run with { EvalInput = input.Parameters }, diagnostics);
            settled[input] = run.EvalInput!;
        }

        ImmutableArray<InputParameters> fit = Settled(inputs.Fit);
        ImmutableArray<InputParameters> validate = Settled(inputs.Validate);
        ImmutableArray<InputParameters> validateAll = Settled(inputs.ValidateAll);
        ImmutableArray<InputParameters> whileTraining = FirstOf(fit, validate, validateAll);
        return run with
        {
            EvalInput = whileTraining.FirstOrDefault(),
            FurtherEvalInputs = [.. whileTraining.Skip(1)],
            Validate = new EvaluationParameters
            {
                Inputs = FirstOf(validate, fit, validateAll),
                CheckpointPath = options.CheckpointPath ?? inputs.ValidateCheckpoint,
            },
            ValidateAll = new EvaluationParameters
            {
                Inputs = FirstOf(validateAll, validate, fit),
                CheckpointPath = options.CheckpointPath,
                CheckpointPaths = inputs.ValidateAllCheckpoints,
            },
        };

        ImmutableArray<InputParameters> Settled(ImmutableArray<TrainerInput> given) => [.. given.Select(input => settled[input])];
    }

    private static ImmutableArray<InputParameters> FirstOf(params ReadOnlySpan<ImmutableArray<InputParameters>> choices)
    {
        foreach (ImmutableArray<InputParameters> inputs in choices)
        {
            if (!inputs.IsEmpty)
            {
                return inputs;
            }
        }

        return [];
    }
}
