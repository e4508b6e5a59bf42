using SparseEngine.Checkpoints.HuggingFace;
using SparseEngine.Metrics;

namespace SparseEngine.Cli.Output;

/// <summary>The table that ends a conversion.</summary>
internal static class ConversionTable
{
    /// <summary>Lays out what was written.</summary>
    public static FactTable Of(ConversionSummary summary)
    {
        FactTable table = new();
        foreach (string file in summary.Files)
        {
            table.Add("written", file);
        }

        if (summary.ModelType is { } modelType)
        {
            table.Add("model_type", modelType);
        }

        table.Add("parameters", Quantity.Count(summary.Parameters));
        if (summary.NaNs > 0)
        {
            table.Add(
                summary.Direction == ConversionDirection.ToHuggingFace ? "sparse, now 0" : "NaN, taken as sparse", Quantity.Count(summary.NaNs));
        }

        return table;
    }
}
