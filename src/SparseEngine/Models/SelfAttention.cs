using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>Causal multi-head self-attention with its projections. x, y [hidden, tokens].</summary>
internal sealed class SelfAttention
{
    private readonly ComputeDevice device;
    private readonly ModelParameters model;
    private readonly int layer;
    private readonly Linear query;
    private readonly Linear key;
    private readonly Linear value;
    private readonly Linear output;

    public SelfAttention(ComputeDevice device, ModelParameters model, ParameterSet parameters, int layer)
    {
        this.device = device;
        this.model = model;
        this.layer = layer;
        string name = $"{GptArchitecture.Layer(layer)}.self_attn";
        query = new Linear(device, parameters, $"{name}.proj_q_dense_layer");
        key = new Linear(device, parameters, $"{name}.proj_k_dense_layer");
        value = new Linear(device, parameters, $"{name}.proj_v_dense_layer");
        output = new Linear(device, parameters, $"{name}.proj_output_dense_layer");
    }

    private int HeadSize => model.HiddenSize / model.Heads;

    private float Scale => model.ScaledAttention ? 1 / MathF.Sqrt(HeadSize) : 1;

    /// <summary>y = Wo attention(Wq x, Wk x, Wv x), over the pass's own tokens or, of a token whose past is kept, over those as well.</summary>
    public void Forward(GptWorkspace workspace, LayerActivations kept, in DeviceMatrix x, in DeviceMatrix y, DropoutPass? dropout)
    {
        query.Forward(x, kept.Query);
        key.Forward(x, kept.Key);
        value.Forward(x, kept.Value);
        if (workspace.Past is { } past)
        {
            device.AttentionDecode(
                new(past.Length, model.Heads, HeadSize, Scale), kept.Query, kept.Key, kept.Value, past.Keys(layer), past.Values(layer), kept.Attended);
        }
        else
        {
            device.AttentionForward(Arguments(workspace, dropout), kept.Query, kept.Key, kept.Value, kept.Attended, kept.LogSumExp);
        }

        output.Forward(kept.Attended, y);
    }

    /// <summary>dx from dy; dx may be dy, since dy is used up before dx is written.</summary>
    public void Backward(GptWorkspace workspace, LayerActivations kept, in DeviceMatrix x, in DeviceMatrix dy, in DeviceMatrix dx, DropoutPass? dropout)
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
        ? new(workspace.Batch, workspace.Sequence, model.Heads, HeadSize, Scale, (float)model.AttentionDropoutRate, pass.At(DropoutPass.AttentionSite(layer)))
        : new(workspace.Batch, workspace.Sequence, model.Heads, HeadSize, Scale, DropoutRate: 0, default);
}
