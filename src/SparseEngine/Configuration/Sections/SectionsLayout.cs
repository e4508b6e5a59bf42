using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>The layout of Model Zoo 1.8: the sections of a run one beside the other.</summary>
internal static class SectionsLayout
{
    /// <summary>Reads the whole file.</summary>
    public static RunParameters Read(SectionReader file, RunConfigOverrides options, DiagnosticCollector diagnostics)
    {
        const string valid = "a map of settings";
        SectionReader? trainInput = file.Section("train_input", valid);
        SectionReader? evalInput = file.Section("eval_input", valid);
        SectionReader? modelSection = file.Section("model", valid, required: true);
        SectionReader? optimizer = file.Section("optimizer", valid);
        SectionReader? runConfig = file.Section("runconfig", valid);
        SectionValue? sparsity = file.Value("sparsity");
        file.Ignore("cerebras", "description");
        file.Finish();

        ModelParameters model = modelSection is null
            ? ModelSection.Missing
            : ModelSection.Read(modelSection, ModelFamily.Tell(modelSection), nullIsNoPosition: false);
        RunConfig config = CommandLineOverrides.Apply(options, runConfig is null ? new RunConfig() : RunConfigSection.Read(runConfig), diagnostics);
        RunParameters parameters = new()
        {
            TrainInput = trainInput is null ? null : InputSection.Read(trainInput, model.MaxPositionEmbeddings),
            EvalInput = evalInput is null ? null : InputSection.Read(evalInput, model.MaxPositionEmbeddings),
            Model = model,
            Sparsity = sparsity is null ? null : SparsitySection.Read(sparsity, SparsityContext.Of(config, options)),
            Optimizer = optimizer is null ? null : OptimizerSection.Read(optimizer),
            RunConfig = config,
        };
        RunSections sections = new(trainInput, evalInput, modelSection, optimizer, runConfig);
        sections.CheckPretrained(parameters.RunConfig, options, diagnostics);
        return sections.Check(parameters, diagnostics);
    }
}
