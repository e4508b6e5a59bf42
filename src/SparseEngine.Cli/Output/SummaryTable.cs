using SparseEngine.Metrics;
using SparseEngine.Runs;
using static System.FormattableString;

namespace SparseEngine.Cli.Output;

/// <summary>The table that ends a run.</summary>
internal static class SummaryTable
{
    /// <summary>Lays out a run's results.</summary>
    /// <param name="summary">How it ended.</param>
    /// <param name="elapsed">Wall-clock time from its start, reading and evaluation included.</param>
    public static FactTable Of(RunSummary summary, TimeSpan elapsed)
    {
        FactTable table = new();
        if (summary.LastLoss is { } loss)
        {
            table.Add("training loss", Invariant($"{loss:0.0000} at step {summary.LastStep}"));
        }

        if (summary.Evaluation is { } first)
        {
            foreach (EvaluationMetrics evaluation in summary.FurtherEvaluations.Insert(0, first))
            {
                Add(table, evaluation);
            }
        }

        if (summary.CheckpointPath is { } checkpoint)
        {
            table.Add("checkpoint", checkpoint);
        }

        if (summary.FlopsDense > 0)
        {
            table.Add("training FLOPs", Quantity.Saving(summary.FlopsExecuted, summary.FlopsDense, Quantity.Operations));
        }

        if (summary.StateBytesDense > 0)
        {
            table.Add("weights and optimizer", Quantity.Saving(summary.StateBytes, summary.StateBytesDense, Quantity.Bytes));
        }

        if (summary.TrainSeconds > 0)
        {
            table.Add("training speed", $"{Quantity.Count(summary.TokensTrained / summary.TrainSeconds)} tokens/s, "
                + $"{Quantity.Scaled(summary.FlopsExecuted / summary.TrainSeconds, "FLOP/s")}");
        }

        table.Add("time", Quantity.Duration(elapsed.TotalSeconds));
        return table;
    }

    private static void Add(FactTable table, EvaluationMetrics evaluation)
    {
        string among = evaluation.Dataloader is { } name ? $" ({name})" : "";
        table.Add($"validation loss{among}", Invariant($"{evaluation.Loss:0.0000} over {Quantity.Count(evaluation.Tokens, "token")}"));
        if (evaluation.Perplexity is { } perplexity)
        {
            table.Add($"validation perplexity{among}", Invariant($"{perplexity:0.000}"));
        }

        if (evaluation.Accuracy is { } accuracy)
        {
            table.Add($"validation accuracy{among}", Invariant($"{100 * accuracy:0.0}%"));
        }
    }
}
