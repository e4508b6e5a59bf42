using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>What a model's passes read of positions beside its parameters, by the kind of its position embedding; the others are null.</summary>
internal sealed record PositionTables
{
    /// <summary>A fixed table that is added to the embeddings [positions, hidden].</summary>
    public DeviceMatrix? Sinusoids { get; private init; }

    /// <summary>The angles by which queries and keys are turned.</summary>
    public RotaryAngles? Angles { get; private init; }

    /// <summary>What each head's scores fall by for each token of distance [heads].</summary>
    public DeviceBuffer<float>? Slopes { get; private init; }

    /// <summary>The tables of positions 0 to <paramref name="positions"/> - 1, in the memory of a pass.</summary>
    public static PositionTables Create(ActivationStore store, ModelParameters model, int positions) => model.PositionEmbedding switch
    {
        PositionEmbedding.Fixed => new PositionTables { Sinusoids = SinusoidalTable.Create(store, positions, model.HiddenSize) },
        PositionEmbedding.Rotary => new PositionTables { Angles = RotaryAngles.Create(store, model, positions) },
        PositionEmbedding.Alibi => new PositionTables { Slopes = AlibiSlopes.Create(store, model.Heads, model.PositionScalingFactor) },
        _ => new PositionTables(),
    };
}
