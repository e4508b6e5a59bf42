namespace SparseEngine.Configuration.Sections;

/// <summary>Reads <c>trainer.init.checkpoint</c>: when checkpoints are written and whether the newest is gone on from.</summary>
internal static class TrainerCheckpointSection
{
    private const string FileName = "checkpoint_{step}.mdl";

    /// <summary>Reads the section.</summary>
    public static RunConfig Read(SectionReader section, RunConfig config)
    {
        config = config with
        {
            CheckpointSteps = section.Integer("steps", minimum: 0) ?? config.CheckpointSteps,
            KeepBest = section.Boolean("keep_best") ?? config.KeepBest,
            SaveInitialCheckpoint = section.Boolean("save_initial_checkpoint") ?? config.SaveInitialCheckpoint,
            AutoloadLastCheckpoint = section.Boolean("autoload_last_checkpoint") ?? config.AutoloadLastCheckpoint,
        };
        if (section.Text("checkpoint_name", FileName) is not (null or FileName))
        {
            section.Warn("checkpoint_name", $"has no effect; checkpoints are called {FileName}");
        }

        if (section.Has("checkpoint_root"))
        {
            section.Warn("checkpoint_root", "has no effect; checkpoints are written into model_dir");
        }

        section.Ignore("checkpoint_root", "disable_strict_checkpoint_loading", "strict_version");
        section.Finish();
        return config;
    }
}
