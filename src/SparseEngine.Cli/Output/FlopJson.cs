using System.Text.Encodings.Web;
using System.Text.Json;
using SparseEngine.Accounting;

namespace SparseEngine.Cli.Output;

/// <summary>What <c>flops --json</c> prints. Its keys are documented in docs/flops.md and stay.</summary>
internal static class FlopJson
{
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One JSON object.</summary>
    public static string Of(FlopAccount account) => JsonSerializer.Serialize(Account(account, account.Run.File), Options);

    /// <summary>One JSON object of a run and its transformation.</summary>
    /// <param name="run">Both.</param>
    /// <param name="file">Where the YAML went; null for nowhere.</param>
    public static string Of(SparseWideRun run, string? file) =>
        JsonSerializer.Serialize(
            new { iso_flop = "sparse-wide", given = Account(run.Given, run.Given.Run.File), widened = Account(run.Widened, file) }, Options);

    private static object Account(FlopAccount account, string? file) => new
    {
        file,
        hidden_size = account.Run.Model.HiddenSize,
        filter_size = account.Run.Model.FilterSize,
        attention = account.Attention.ToString().ToLowerInvariant(),
        sequence = account.Sequence,
        batch = account.Batch,
        steps = account.Steps,
        tokens = account.Tokens,
        per_token = Passes(account, 1.0 / account.Sequence),
        per_sequence = Passes(account, 1),
        level = account.Plan.IsDynamic ? account.Steps is null ? "start" : "end" : null,
        run = account is { RunTraining: { } run, AverageTraining: { } average } ? OfRun(run, average, account.DenseGradients) : null,
        parameters = Sizes(account.Storage.Parameters),
        weight_bytes = Sizes(account.Storage.WeightBytes),
        optimizer_bytes = Sizes(account.Storage.OptimizerBytes),
        layers = account.Layers.Select(layer => new
        {
            name = layer.Name,
            part = layer.Part.ToString().ToLowerInvariant(),
            elements = layer.Elements,
            non_zeros = layer.NonZeros,
            forward = new { dense = layer.DenseForward, sparse = layer.ExecutedForward },
            backward = new { dense = layer.DenseBackward, sparse = layer.ExecutedBackward },
        }),
    };

    private static object Passes(FlopAccount account, double sequences) => new
    {
        forward = Flops(account.Forward.Times(sequences)),
        backward = Flops(account.Backward.Times(sequences)),
        training = Flops(account.Training.Times(sequences)),
    };

    private static object Flops(FlopCount flops) => new { dense = flops.Dense, sparse = flops.Executed, reduction = flops.Reduction };

    private static object OfRun(FlopCount run, FlopCount average, double denseGradients) => new
    {
        dense = run.Dense,
        sparse = run.Executed,
        reduction = run.Reduction,
        average_per_sequence = Flops(average),
        dense_gradients = denseGradients,
    };

    private static object Sizes(StoredCount count) => new { dense = count.Dense, sparse = count.Stored };
}
