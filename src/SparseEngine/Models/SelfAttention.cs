using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>What an attention's backward pass reads of its forward pass.</summary>
/// <param name="Query">Queries [attention size, tokens], as they meet the keys: normalized and turned.</param>
/// <param name="Key">Keys [key-value size, tokens], likewise.</param>
/// <param name="Value">Values [key-value size, tokens].</param>
/// <param name="Attended">The heads' outputs before the output projection [attention size, tokens].</param>
/// <param name="LogSumExp">Each head's and token's log sum exp of scores [heads x tokens].</param>
/// <param name="Norms">What normalizations of queries and keys keep; null without.</param>
internal sealed record AttentionActivations(
    DeviceMatrix Query, DeviceMatrix Key, DeviceMatrix Value, DeviceMatrix Attended, DeviceBuffer<float> LogSumExp, HeadNormActivations? Norms);

/// <summary>What normalizations of queries and keys keep.</summary>
/// <param name="Query">Queries before it [attention size, tokens].</param>
/// <param name="Key">Keys before it [key-value size, tokens].</param>
/// <param name="QueryStatistics">Of each head of queries.</param>
/// <param name="KeyStatistics">Of each head of keys.</param>
internal sealed record HeadNormActivations(
    DeviceMatrix Query, DeviceMatrix Key, ImmutableArray<NormStatistics> QueryStatistics, ImmutableArray<NormStatistics> KeyStatistics);

/// <summary>
/// Causal self-attention with its projections: heads of queries, groups of which may share keys and values. x, y [hidden, tokens].
/// </summary>
internal sealed class SelfAttention(ComputeDevice device, ModelParameters model, ParameterSet parameters, string name, int layer)
{
    private const string QueryProjection = "proj_q_dense_layer";
    private const string KeyProjection = "proj_k_dense_layer";
    private const string ValueProjection = "proj_v_dense_layer";
    private const string QueryNorm = "q_norm";
    private const string KeyNorm = "k_norm";
    private const string OutputProjection = "proj_output_dense_layer";

    private readonly Linear query = new(device, parameters, $"{name}.{QueryProjection}");
    private readonly Linear key = new(device, parameters, $"{name}.{KeyProjection}");
    private readonly Linear value = new(device, parameters, $"{name}.{ValueProjection}");
    private readonly HeadNorm? queryNorm = HeadNorm.Find(device, model, parameters, $"{name}.{QueryNorm}");
    private readonly HeadNorm? keyNorm = HeadNorm.Find(device, model, parameters, $"{name}.{KeyNorm}");
    private readonly Linear output = new(device, parameters, $"{name}.{OutputProjection}");
    private readonly float scale = (float)model.AttentionScale(layer);

    /// <summary>
    /// Declares the projections [attention size, hidden], twice [key-value size, hidden] and [hidden, attention size], with biases and norms.
    /// </summary>
    public static void Declare(ParameterList parameters, ModelParameters model, string name)
    {
        int hidden = model.HiddenSize;
        bool bias = model.UseProjectionBiasInAttention;
        WeightScaling input = WeightScaling.OfAttentionInput(model);
        Linear.Declare(parameters, $"{name}.{QueryProjection}", model.AttentionSize, hidden, bias, input);
        Linear.Declare(parameters, $"{name}.{KeyProjection}", model.KeyValueSize, hidden, bias, input);
        Linear.Declare(parameters, $"{name}.{ValueProjection}", model.KeyValueSize, hidden, bias, input);
        HeadNorm.Declare(parameters, model, $"{name}.{QueryNorm}");
        HeadNorm.Declare(parameters, model, $"{name}.{KeyNorm}");
        WeightScaling output = WeightScaling.OfAttentionOutput(model);
        Linear.Declare(parameters, $"{name}.{OutputProjection}", hidden, model.AttentionSize, model.UseFfnBiasInAttention, output);
    }

    /// <summary>What a pass keeps for the backward pass, or in a cache for the passes that follow.</summary>
    public static AttentionActivations Allocate(
        ActivationStore store, ModelParameters model, DeviceMatrix? keys = null, DeviceMatrix? values = null) =>
        new(
            store.Matrix(model.AttentionSize), keys ?? store.Matrix(model.KeyValueSize), values ?? store.Matrix(model.KeyValueSize),
            store.Matrix(model.AttentionSize), store.Vector(checked(model.Heads * store.Tokens)),
            model.QueryKeyNorm is null
                ? null
                : new HeadNormActivations(
                    store.Matrix(model.AttentionSize), store.Matrix(model.KeyValueSize),
                    HeadNorm.Allocate(store, model, model.Heads), HeadNorm.Allocate(store, model, model.KeyValueHeads)));

    /// <summary>Features of <see cref="GptWorkspace.WideGradient"/> that the backward pass uses.</summary>
    public static int GradientFeatures(ModelParameters model) => 2 * (model.AttentionSize + model.KeyValueSize);

    /// <summary>y = Wo attention(Wq x, Wk x, Wv x), over the pass's own tokens or, of a token whose past is kept, over those as well.</summary>
    public void Forward(GptWorkspace workspace, AttentionActivations kept, in DeviceMatrix x, in DeviceMatrix y, DropoutPass? dropout)
    {
        query.Forward(x, kept.Norms?.Query ?? kept.Query);
        key.Forward(x, kept.Norms?.Key ?? kept.Key);
        value.Forward(x, kept.Value);
        if (kept.Norms is { } norms)
        {
            queryNorm!.Forward(norms.Query, kept.Query, norms.QueryStatistics);
            keyNorm!.Forward(norms.Key, kept.Key, norms.KeyStatistics);
        }

        Rotate(workspace, kept.Query, kept.Key, inverse: false);
        if (workspace.Past is { } past)
        {
            AttentionDecodeArguments arguments = new(past.Length, model.Heads, model.HeadSize, scale)
            {
                KeyValueHeads = model.KeyValueHeads, Window = model.SlidingWindow ?? int.MaxValue,
            };
            device.AttentionDecode(
                arguments, kept.Query, kept.Key, kept.Value, past.Keys(layer), past.Values(layer), kept.Attended, workspace.Positions.Slopes);
        }
        else
        {
            device.AttentionForward(
                Arguments(workspace, dropout), kept.Query, kept.Key, kept.Value, kept.Attended, kept.LogSumExp, workspace.Positions.Slopes);
        }

        output.Forward(kept.Attended, y);
    }

    /// <summary>dx from dy; dx may be dy, since dy is used up before dx is written.</summary>
    public void Backward(
        GptWorkspace workspace, AttentionActivations kept, in DeviceMatrix x, in DeviceMatrix dy, in DeviceMatrix dx, DropoutPass? dropout)
    {
        DeviceMatrix dAttended = workspace.WideGradient.RowRange(0, model.AttentionSize);
        DeviceMatrix dQuery = workspace.WideGradient.RowRange(model.AttentionSize, model.AttentionSize);
        DeviceMatrix dKey = workspace.WideGradient.RowRange(2 * model.AttentionSize, model.KeyValueSize);
        DeviceMatrix dValue = workspace.WideGradient.RowRange((2 * model.AttentionSize) + model.KeyValueSize, model.KeyValueSize);

        output.Backward(kept.Attended, dy, dAttended, accumulate: false);
        device.AttentionBackward(
            Arguments(workspace, dropout), kept.Query, kept.Key, kept.Value, kept.Attended, kept.LogSumExp, dAttended, dQuery, dKey, dValue,
            workspace.Positions.Slopes);
        Rotate(workspace, dQuery, dKey, inverse: true);
        if (kept.Norms is { } norms)
        {
            queryNorm!.Backward(norms.Query, norms.QueryStatistics, dQuery, dQuery);
            keyNorm!.Backward(norms.Key, norms.KeyStatistics, dKey, dKey);
        }

        query.Backward(x, dQuery, dx, accumulate: false);
        key.Backward(x, dKey, dx, accumulate: true);
        value.Backward(x, dValue, dx, accumulate: true);
    }

    private void Rotate(GptWorkspace workspace, in DeviceMatrix queries, in DeviceMatrix keys, bool inverse)
    {
        if (workspace.Positions.Angles is { } angles)
        {
            RotaryArguments arguments = new(model.HeadSize, workspace.Sequence, workspace.FirstPosition, inverse);
            angles.Rotate(device, queries, arguments);
            angles.Rotate(device, keys, arguments);
        }
    }

    private AttentionArguments Arguments(GptWorkspace workspace, DropoutPass? dropout) =>
        new(
            workspace.Batch, workspace.Sequence, model.Heads, model.HeadSize, scale, dropout is null ? 0 : (float)model.AttentionDropoutRate,
            dropout?.At(DropoutPass.AttentionSite(layer)) ?? default)
        {
            KeyValueHeads = model.KeyValueHeads, Window = model.SlidingWindow ?? int.MaxValue,
        };
}
