namespace SparseEngine.Configuration.Sections;

/// <summary>Reads <c>trainer.init.logging</c>.</summary>
internal static class TrainerLoggingSection
{
    /// <summary>Reads the section.</summary>
    public static RunConfig Read(SectionReader section, RunConfig config)
    {
        config = config with
        {
            LogSteps = section.Integer("log_steps", minimum: 1) ?? config.LogSteps,
            Logging = section.Choice("log_level", RunConfigSection.LogLevels)?.ToString().ToUpperInvariant(),
        };
        config = RunConfigSection.ReadSample(section, config);
        section.Ignore("wsc_log_level", "enable_act_frequency");
        section.Finish();
        return config;
    }
}
