using SparseEngine.Data.Preparation;
using SparseEngine.Metrics;
using Spectre.Console;

namespace SparseEngine.Cli.Output;

/// <summary>Shows how far a preparation is: a bar where a person watches, else a line each tenth of the input.</summary>
internal static class PreparationDisplay
{
    /// <summary>Runs <paramref name="body"/> and shows what it reports.</summary>
    public static PreparedDataset Show(Terminal terminal, Func<IProgress<PreparationProgress>, PreparedDataset> body)
    {
        if (!terminal.IsInteractive)
        {
            return body(new Lines(terminal));
        }

        Progress progress = terminal.Screen.Progress();
        progress.AutoClear = true;
        return terminal.WhileLive(() => progress
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(running => body(new Bars(running))));
    }

    private static string Describe(PreparationProgress state) => state.Stage switch
    {
        PreparationStage.Surveying => $"reading  {Documents(state)}",
        _ => $"tokenizing  {Documents(state)}  {Quantity.Scaled(state.Tokens, "")} tokens",
    };

    private static string Documents(PreparationProgress state) => Quantity.Count(state.Documents, "document");

    private sealed class Bars(ProgressContext context) : IProgress<PreparationProgress>
    {
        private readonly Dictionary<PreparationStage, ProgressTask> tasks = [];

        public void Report(PreparationProgress value)
        {
            if (!tasks.TryGetValue(value.Stage, out ProgressTask? task))
            {
                tasks.Add(value.Stage, task = context.AddTask(Describe(value), maxValue: Math.Max(1, value.TotalBytes)));
            }

            task.Value(value.BytesRead).Description(Describe(value));
        }
    }

    private sealed class Lines(Terminal terminal) : IProgress<PreparationProgress>
    {
        private PreparationStage stage;
        private long tenths;

        public void Report(PreparationProgress value)
        {
            if (value.Stage != stage)
            {
                (stage, tenths) = (value.Stage, 0);
            }

            // All of it is what the summary tells of.
            long now = 10 * value.BytesRead / Math.Max(1, value.TotalBytes);
            if (now > tenths && now < 10)
            {
                tenths = now;
                terminal.WriteLine($"{Quantity.Percent(value.BytesRead, value.TotalBytes)}  {Describe(value)}");
            }
        }
    }
}
