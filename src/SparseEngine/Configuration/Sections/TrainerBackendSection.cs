namespace SparseEngine.Configuration.Sections;

/// <summary>
/// Reads <c>trainer.init.backend</c>. The command line says where a run computes; all that matters here is a wafer's number of systems.
/// </summary>
internal static class TrainerBackendSection
{
    /// <summary>Reads the section.</summary>
    public static RunConfig Read(SectionReader section, RunConfig config)
    {
        RunConfigSection.WarnOfCommandLineSwitches(section);

        // What else it says of a cluster or a process is not looked at.
        return section.Section("cluster_config", "a map of settings") is { } cluster
            ? config with { NumCsx = cluster.Integer("num_csx", minimum: 1) ?? config.NumCsx }
            : config;
    }
}
