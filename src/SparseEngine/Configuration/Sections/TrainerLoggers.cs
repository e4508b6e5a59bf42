using System.Collections.Immutable;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>
/// Reads <c>trainer.init.loggers</c>. What a run writes does not depend on them: metrics.jsonl and TensorBoard's files in any case.
/// </summary>
internal static class TrainerLoggers
{
    private const string Valid = "a list of loggers, each a map of one key: its name";

    private static readonly ImmutableArray<string> Known = ["ProgressLogger", "TensorBoardLogger", "TelemetryLogger", "WandbLogger"];

    /// <summary>Warns of loggers that are not known.</summary>
    public static void Read(SectionReader init)
    {
        if (init.Value("loggers") is not { } value)
        {
            return;
        }

        if (value.Node is not YamlSequence)
        {
            value.Reject(Valid);
        }

        foreach (SectionValue item in value.Items())
        {
            if (item.AsNamed(Valid) is (string name, { } logger) && !Known.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                logger.WarnOfUnknown("logger", Known);
            }
        }
    }
}
