using System.Collections.Immutable;
using SparseEngine.Accounting;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Report.Runs;

/// <summary>A linear layer's weight as a checkpoint holds it.</summary>
/// <param name="Weight">What the model declares of it.</param>
/// <param name="Kept">Its elements that are not zero.</param>
internal sealed record ReportedWeight(ParameterDefinition Weight, long Kept)
{
    /// <summary>The decoder layer it belongs to; null for the head.</summary>
    public int? Layer => Weight.Layer;

    /// <summary>What it is in its layer: <c>q</c>, <c>ffn in</c>, and so on.</summary>
    public string Kind { get; } = WeightKind.Of(Weight.Name);

    /// <summary>The share of zeros.</summary>
    public double Sparsity => 1 - ((double)Kept / Weight.Elements);
}

/// <summary>A run's model and its zeros.</summary>
/// <param name="Parameters">The model.</param>
/// <param name="Weights">The weights of its linear layers, in parameter order.</param>
/// <param name="Step">The step of the checkpoint.</param>
internal sealed record ReportedModel(ModelParameters Parameters, ImmutableArray<ReportedWeight> Weights, int Step)
{
    private readonly Dictionary<string, long> kept = Weights.ToDictionary(
        weight => weight.Weight.Name, weight => weight.Kept, StringComparer.Ordinal);

    /// <summary>The weights of the decoder's layers, which sparsity sections prune.</summary>
    public IEnumerable<ReportedWeight> DecoderWeights => Weights.Where(weight => weight.Layer is not null);

    /// <summary>All parameters, zeros included.</summary>
    public long Elements => GptArchitecture.Parameters(Parameters).Sum(parameter => parameter.Elements);

    /// <summary>Parameters that are zero.</summary>
    public long Zeros => Weights.Sum(weight => weight.Weight.Elements - weight.Kept);

    /// <summary>The share of zeros in the decoder's linear layers.</summary>
    public double Sparsity => 1 - ((double)DecoderWeights.Sum(weight => weight.Kept) / DecoderWeights.Sum(weight => weight.Weight.Elements));

    /// <summary>How many elements of a weight are not zero.</summary>
    public long KeptOf(NamedShape weight) => kept.GetValueOrDefault(weight.Name, weight.Elements);

    /// <summary>What a training step would take on CS-2s.</summary>
    public WaferPrediction Predict(long tokens, int systems) => WaferPrediction.Of(Parameters, KeptOf, tokens, systems);

    /// <summary>Reads the newest whole checkpoint of a model directory; null where there is none that says what model it holds.</summary>
    public static ReportedModel? Find(string directory, Action<string> warn)
    {
        if (CheckpointDirectory.FindNewest(directory, warn) is not { } path)
        {
            return null;
        }

        using CheckpointReader reader = CheckpointReader.Open(path);
        if (CheckpointModel.Of(reader) is not { } model)
        {
            warn($"{path}: does not say what model it holds; what the report tells of a model's layers is left out");
            return null;
        }

        ImmutableArray<ReportedWeight>.Builder weights = ImmutableArray.CreateBuilder<ReportedWeight>();
        foreach (ParameterDefinition weight in GptArchitecture.Parameters(model).Where(parameter => parameter.CanBeSparse))
        {
            float[] values = new float[weight.Elements];
            reader.Read(weight.Name, values);
            weights.Add(new ReportedWeight(weight, weight.Elements - ElementCounts.Of(values).NaNs));
        }

        return new ReportedModel(model, weights.ToImmutable(), reader.State?.Step ?? 0);
    }
}
