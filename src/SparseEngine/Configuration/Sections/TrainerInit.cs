namespace SparseEngine.Configuration.Sections;

/// <summary>Reads <c>trainer.init</c>: the model, how it is trained, and what the run writes when.</summary>
/// <param name="Model">The model.</param>
/// <param name="ModelSection">Where the file has it.</param>
/// <param name="Sparsity">The weight sparsity.</param>
/// <param name="Optimizer">The optimizer; null where there is none.</param>
/// <param name="RunConfig">The length of the run, its checkpoints and its log.</param>
/// <param name="Loop">Where the file has the length.</param>
/// <param name="TakesWeightsAlone">Whether a checkpoint that is given starts the run with its weights alone.</param>
internal sealed record TrainerInit(
    ModelParameters Model, SectionReader? ModelSection, SparsityParameters? Sparsity, OptimizerParameters? Optimizer, RunConfig RunConfig,
    SectionReader? Loop, bool TakesWeightsAlone)
{
    private const string Valid = "a map of settings";

    /// <summary>Stands in where the file has none, so that its other sections are read and checked too; such a file is refused.</summary>
    public static TrainerInit Missing { get; } =
        new(Sections.ModelSection.Missing, null, null, null, new RunConfig(), null, TakesWeightsAlone: false);

    /// <summary>Reads the section.</summary>
    public static TrainerInit Read(SectionReader init, RunConfigOverrides options)
    {
        SectionReader? modelSection = init.Section("model", Valid, required: true);
        SectionReader? loop = init.Section("loop", Valid);
        SectionReader? precision = init.Section("precision", Valid);
        SectionValue? sparsity = init.Value("sparsity");
        ModelParameters model = modelSection is null ? Sections.ModelSection.Missing : TrainerModelSection.Read(modelSection);
        OptimizerParameters? optimizer = TrainerOptimizerSection.Read(init, precision, loop);
        RunConfig config = ReadRunConfig(init, loop, options);
        TrainerCallbacks callbacks = TrainerCallbacks.Read(init);
        TrainerLoggers.Read(init);
        SparsityContext context = SparsityContext.Of(config, options) with { Seed = config.Seed, RequiresMethod = false };
        init.Ignore("device", "autorestart");
        init.Finish();
        return new TrainerInit(
            callbacks.ComputesEvalMetrics ? model : model with { ComputeEvalMetrics = false },
            modelSection,
            sparsity is null ? null : SparsitySection.Read(sparsity, context),
            optimizer,
            config with { CheckLossValues = callbacks.ChecksLoss, KeepCheckpointMax = callbacks.KeptCheckpoints },
            loop,
            callbacks.TakesWeightsAlone);
    }

    private static RunConfig ReadRunConfig(SectionReader init, SectionReader? loop, RunConfigOverrides options)
    {
        RunConfig config = new();
        config = config with
        {
            ModelDirectory = init.Text("model_dir", "a path") ?? config.ModelDirectory,
            Seed = init.Integer("seed", minimum: 0) ?? config.Seed,
        };
        config = loop is null ? config : TrainerLoopSection.Read(loop, config, options);
        config = init.Section("checkpoint", Valid) is { } checkpoint ? TrainerCheckpointSection.Read(checkpoint, config) : config;
        config = init.Section("logging", Valid) is { } logging ? TrainerLoggingSection.Read(logging, config) : config;
        return init.Section("backend", Valid) is { } backend ? TrainerBackendSection.Read(backend, config) : config;
    }
}
