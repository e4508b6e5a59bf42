using SparseEngine.Metrics;
using SparseEngine.Training;

namespace SparseEngine.Cli.Output;

/// <summary>What --validate_only prints of the model: its size and what a training step costs.</summary>
internal static class SizeTable
{
    /// <summary>Lays out a description.</summary>
    public static FactTable Of(RunDescription run)
    {
        FactTable table = new();
        table.Add("parameters", Quantity.Count(run.Parameters));
        table.Add("non-zero", $"{Quantity.Count(run.NonZeros)} ({Quantity.Percent(run.Parameters - run.NonZeros, run.Parameters)} zeros)");
        table.Add("weights and optimizer", Quantity.Saving(run.StateBytes, run.StateBytesDense, Quantity.Bytes));
        if (run.TokensPerStep > 0)
        {
            table.Add("tokens of a step", Quantity.Count(run.TokensPerStep));
            bool isDynamic = run.FromBeginning.IsDynamic;
            bool changes = isDynamic && run.Steps is not null;
            table.Add(
                changes ? "FLOPs of a step, on average" : isDynamic ? "FLOPs of a step, at the start" : "FLOPs of a step",
                Quantity.Saving(run.FlopsExecuted, run.FlopsDense, Quantity.Operations));
            if (changes)
            {
                table.Add("FLOPs of a step, at the end", Quantity.Saving(run.FlopsAtEnd, run.FlopsDense, Quantity.Operations));
            }
        }

        return table;
    }
}
