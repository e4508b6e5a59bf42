using SparseEngine.Configuration;
using SparseEngine.Dataflow;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Accounting;

/// <summary>A run's training step on CS-2s, as <see cref="WaferModel"/> predicts it.</summary>
/// <param name="Step">The step, without attention, normalizations and non-linearities.</param>
/// <param name="Tokens">Tokens of the step.</param>
public sealed record WaferPrediction(WaferStep Step, long Tokens)
{
    // Of a level that changes at each of a million steps, so many pieces say as much.
    private const int MostPhases = 200;

    /// <summary>Tokens a second.</summary>
    public double TokensPerSecond => Tokens / Step.Seconds;

    /// <summary>Seconds of a step on average over a run whose levels change: each phase counts by its steps.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">Its sparse weights, from the beginning of the run.</param>
    /// <param name="lastStep">The run's last step.</param>
    /// <param name="tokens">Tokens of the step: batch x sequence.</param>
    /// <param name="systems">CS-2s.</param>
    public static double AverageSeconds(ModelParameters model, SparsityPlan plan, int lastStep, long tokens, int systems)
    {
        SparsityPhase[] phases = [.. SparsityPhase.Of(plan, lastStep, MostPhases)];
        return phases.Sum(phase => phase.Steps * Of(model, phase.Plan, tokens, systems).Step.Seconds) / lastStep;
    }

    /// <summary>Predicts a step.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">Its sparse weights, whose non-zeros lie at random.</param>
    /// <param name="tokens">Tokens of the step: batch x sequence.</param>
    /// <param name="systems">CS-2s.</param>
    public static WaferPrediction Of(ModelParameters model, SparsityPlan plan, long tokens, int systems)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Dictionary<string, long> kept = plan.Weights.ToDictionary(weight => weight.Name, weight => weight.Kept, StringComparer.Ordinal);
        return Of(model, weight => kept.GetValueOrDefault(weight.Name, weight.Elements), tokens, systems);
    }

    /// <summary>Predicts a step.</summary>
    /// <param name="model">The model.</param>
    /// <param name="keptOf">How many elements of a linear layer's weight are not zero; those lie at random.</param>
    /// <param name="tokens">Tokens of the step: batch x sequence.</param>
    /// <param name="systems">CS-2s.</param>
    public static WaferPrediction Of(ModelParameters model, Func<NamedShape, long> keptOf, long tokens, int systems)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(keptOf);
        WaferLayer[] layers =
        [
            .. GptArchitecture.LinearWeights(model)
                .Select(weight => new WaferLayer(weight.Name, weight.Layer, WeightLoad.Random(weight.Shape[0], weight.Shape[1], keptOf(weight)))),
        ];
        return new WaferPrediction(WaferModel.Step(WaferConstants.Cs2, layers, tokens, systems), tokens);
    }
}
