using System.Text.Encodings.Web;
using System.Text.Json;
using SparseEngine.Checkpoints;

namespace SparseEngine.Cli.Output;

/// <summary>What <c>inspect --json</c> prints. Its keys are documented in docs/cli.md and stay.</summary>
internal static class InspectionJson
{
    // Names of tensors are to be read by people too; nothing here ends up in a web page.
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One JSON object.</summary>
    public static string Of(CheckpointInspection inspection) => JsonSerializer.Serialize(
        new
        {
            file = inspection.Path,
            step = inspection.State?.Step,
            samples_consumed = inspection.State?.SamplesConsumed,
            seed = inspection.State?.Seed,
            shuffle_seed = inspection.State?.ShuffleSeed,
            parameters = Total(inspection.Parameters),
            optimizer = Total(inspection.OptimizerState),
            metadata = inspection.Metadata.OrderBy(text => text.Key, StringComparer.Ordinal).ToDictionary(),
            tensors = inspection.Tensors.Select(Tensor),
        },
        Options);

    // What is not known has no key, unlike the numbers of a whole file.
    private static Dictionary<string, object> Tensor(InspectedTensor tensor)
    {
        Dictionary<string, object> keys = new()
        {
            ["name"] = tensor.Name,
            ["shape"] = tensor.Shape,
            ["dtype"] = tensor.DataType,
            ["elements"] = tensor.Counts.Elements,
            ["sparsity"] = tensor.Counts.Sparsity,
            ["nan"] = tensor.Counts.NaNs,
            ["infinity"] = tensor.Counts.Infinities,
        };
        if (tensor.Counts.EverAlive is { } share)
        {
            keys["ever_alive"] = share;
        }

        return keys;
    }

    private static object Total(IEnumerable<InspectedTensor> tensors)
    {
        List<InspectedTensor> all = [.. tensors];
        ElementCounts counts = ElementCounts.Sum(all);
        return new { tensors = all.Count, elements = counts.Elements, sparsity = counts.Sparsity, nan = counts.NaNs, infinity = counts.Infinities };
    }
}
