using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>What an attention's backward pass reads of its forward pass.</summary>
/// <param name="Query">Queries [hidden, tokens].</param>
/// <param name="Key">Keys [hidden, tokens].</param>
/// <param name="Value">Values [hidden, tokens].</param>
/// <param name="Attended">The heads' outputs before the output projection [hidden, tokens].</param>
/// <param name="LogSumExp">Each head's and token's log sum exp of scores [heads x tokens].</param>
internal sealed record AttentionActivations(
    DeviceMatrix Query, DeviceMatrix Key, DeviceMatrix Value, DeviceMatrix Attended, DeviceBuffer<float> LogSumExp);

/// <summary>Causal multi-head self-attention with its projections. x, y [hidden, tokens].</summary>
internal sealed class SelfAttention(ComputeDevice device, ModelParameters model, ParameterSet parameters, string name, int layer)
{
    private const string QueryProjection = "proj_q_dense_layer";
    private const string KeyProjection = "proj_k_dense_layer";
    private const string ValueProjection = "proj_v_dense_layer";
    private const string OutputProjection = "proj_output_dense_layer";

    private readonly Linear query = new(device, parameters, $"{name}.{QueryProjection}");
    private readonly Linear key = new(device, parameters, $"{name}.{KeyProjection}");
    private readonly Linear value = new(device, parameters, $"{name}.{ValueProjection}");
    private readonly Linear output = new(device, parameters, $"{name}.{OutputProjection}");

    private int HeadSize => model.HiddenSize / model.Heads;

    private float Scale => model.ScaledAttention ? 1 / MathF.Sqrt(HeadSize) : 1;

    /// <summary>Declares the four projections [hidden, hidden] with their biases.</summary>
    public static void Declare(ParameterList parameters, ModelParameters model, string name)
    {
        int hidden = model.HiddenSize;
        InitializerParameters initializer = model.Initializer ?? InitializerParameters.Normal(model.InitializerRange / Math.Sqrt(2.0 * model.Layers));
        foreach (string projection in (string[])[QueryProjection, KeyProjection, ValueProjection])
        {
            Linear.Declare(parameters, $"{name}.{projection}", hidden, hidden, model.UseProjectionBiasInAttention, initializer);
        }

        Linear.Declare(
            parameters, $"{name}.{OutputProjection}", hidden, hidden, model.UseFfnBiasInAttention, model.OutputLayerInitializer ?? initializer);
    }

    /// <summary>What a pass keeps for the backward pass, or in a cache for the passes that follow.</summary>
    public static AttentionActivations Allocate(ActivationStore store, ModelParameters model, DeviceMatrix? keys = null, DeviceMatrix? values = null)
    {
        int hidden = model.HiddenSize;
        return new AttentionActivations(
            store.Matrix(hidden), keys ?? store.Matrix(hidden), values ?? store.Matrix(hidden), store.Matrix(hidden),
            store.Vector(checked(model.Heads * store.Tokens)));
    }

    /// <summary>y = Wo attention(Wq x, Wk x, Wv x), over the pass's own tokens or, of a token whose past is kept, over those as well.</summary>
    public void Forward(GptWorkspace workspace, AttentionActivations kept, in DeviceMatrix x, in DeviceMatrix y, DropoutPass? dropout)
    {
        query.Forward(x, kept.Query);
        key.Forward(x, kept.Key);
        value.Forward(x, kept.Value);
        if (workspace.Past is { } past)
        {
            device.AttentionDecode(
                new(past.Length, model.Heads, HeadSize, Scale), kept.Query, kept.Key, kept.Value, past.Keys(layer), past.Values(layer),
                kept.Attended);
        }
        else
        {
            device.AttentionForward(Arguments(workspace, dropout), kept.Query, kept.Key, kept.Value, kept.Attended, kept.LogSumExp);
        }

        output.Forward(kept.Attended, y);
    }

    /// <summary>dx from dy; dx may be dy, since dy is used up before dx is written.</summary>
    public void Backward(
        GptWorkspace workspace, AttentionActivations kept, in DeviceMatrix x, in DeviceMatrix dy, in DeviceMatrix dx, DropoutPass? dropout)
    {
        int hidden = model.HiddenSize;
        DeviceMatrix dAttended = workspace.WideGradient.RowRange(0, hidden);
        DeviceMatrix dQuery = workspace.WideGradient.RowRange(hidden, hidden);
        DeviceMatrix dKey = workspace.WideGradient.RowRange(2 * hidden, hidden);
        DeviceMatrix dValue = workspace.WideGradient.RowRange(3 * hidden, hidden);

        output.Backward(kept.Attended, dy, dAttended, accumulate: false);
        device.AttentionBackward(
            Arguments(workspace, dropout), kept.Query, kept.Key, kept.Value, kept.Attended, kept.LogSumExp, dAttended, dQuery, dKey, dValue);
        query.Backward(x, dQuery, dx, accumulate: false);
        key.Backward(x, dKey, dx, accumulate: true);
        value.Backward(x, dValue, dx, accumulate: true);
    }

    private AttentionArguments Arguments(GptWorkspace workspace, DropoutPass? dropout) => dropout is { } pass
        ? new(
            workspace.Batch, workspace.Sequence, model.Heads, HeadSize, Scale, (float)model.AttentionDropoutRate,
            pass.At(DropoutPass.AttentionSite(layer)))
        : new(workspace.Batch, workspace.Sequence, model.Heads, HeadSize, Scale, DropoutRate: 0, default);
}
