using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>What one decoder layer's backward pass reads of its forward pass.</summary>
/// <param name="AttentionNorm">Of the normalization before the attention.</param>
/// <param name="Attention">Of the attention.</param>
/// <param name="Middle">The residual stream between attention and feed-forward [hidden, tokens].</param>
/// <param name="FeedForwardNorm">Of the normalization before the feed-forward.</param>
/// <param name="FeedForward">Of the feed-forward.</param>
internal sealed record LayerActivations(
    NormStatistics AttentionNorm, AttentionActivations Attention, DeviceMatrix Middle, NormStatistics FeedForwardNorm,
    FeedForwardActivations FeedForward);

/// <summary>One pre-normalization decoder layer: m = x + drop(attention(norm1 x)); y = m + drop(ffn(norm3 m)). All [hidden, tokens].</summary>
internal sealed class DecoderLayer(ComputeDevice device, ModelParameters model, ParameterSet parameters, int index)
{
    private const string AttentionName = "self_attn";
    private const string AttentionNormName = "norm1";
    private const string FeedForwardNormName = "norm3";
    private const string FeedForwardName = "ffn";

    private readonly LayerNorm norm1 = new(device, parameters, NameOf(index, AttentionNormName), model.LayerNormEpsilon);
    private readonly SelfAttention attention = new(device, model, parameters, NameOf(index, AttentionName), index);
    private readonly LayerNorm norm3 = new(device, parameters, NameOf(index, FeedForwardNormName), model.LayerNormEpsilon);
    private readonly FeedForward feedForward = new(device, model, parameters, NameOf(index, FeedForwardName));

    /// <summary>Declares a layer's parameters.</summary>
    public static void Declare(ParameterList parameters, ModelParameters model, int index)
    {
        SelfAttention.Declare(parameters, model, NameOf(index, AttentionName));
        LayerNorm.Declare(parameters, NameOf(index, AttentionNormName), model.HiddenSize);
        LayerNorm.Declare(parameters, NameOf(index, FeedForwardNormName), model.HiddenSize);
        FeedForward.Declare(parameters, model, NameOf(index, FeedForwardName));
    }

    /// <summary>What a pass keeps for the backward pass; its keys and values are allocated unless they are given.</summary>
    public static LayerActivations Allocate(
        ActivationStore store, ModelParameters model, DeviceMatrix? keys = null, DeviceMatrix? values = null) => new(
        LayerNorm.Allocate(store),
        SelfAttention.Allocate(store, model, keys, values),
        store.Matrix(model.HiddenSize),
        LayerNorm.Allocate(store),
        FeedForward.Allocate(store, model));

    /// <summary>From the residual stream x to the residual stream y.</summary>
    public void Forward(GptWorkspace workspace, in DeviceMatrix x, in DeviceMatrix y, DropoutPass? dropout)
    {
        LayerActivations kept = workspace.Layers[index];
        norm1.Forward(x, workspace.NormalizedInput, kept.AttentionNorm);
        attention.Forward(workspace, kept.Attention, workspace.NormalizedInput, kept.Middle, dropout);
        Drop(kept.Middle, dropout, DropoutPass.ProjectionSite(index));
        device.Add(x, kept.Middle);

        norm3.Forward(kept.Middle, workspace.NormalizedInput, kept.FeedForwardNorm);
        feedForward.Forward(workspace, kept.FeedForward, workspace.NormalizedInput, y);
        Drop(y, dropout, DropoutPass.FeedForwardSite(index));
        device.Add(kept.Middle, y);
    }

    /// <summary>Turns the workspace's residual gradient from that of y into that of x, in place.</summary>
    /// <remarks>
    /// What the normalizations gave is computed again: two of a layer's sixteen [hidden, tokens] for a pass over memory each.
    /// With the feed-forward's, which does the same, a layer keeps ten.
    /// </remarks>
    public void Backward(GptWorkspace workspace, in DeviceMatrix x, DropoutPass? dropout)
    {
        LayerActivations kept = workspace.Layers[index];
        DeviceMatrix residual = workspace.ResidualGradient;
        DeviceMatrix branch = workspace.BranchGradient;

        DeviceMatrix dOutput = DropGradient(residual, branch, dropout, DropoutPass.FeedForwardSite(index));
        norm3.Forward(kept.Middle, workspace.NormalizedInput, kept.FeedForwardNorm);
        feedForward.Backward(workspace, kept.FeedForward, workspace.NormalizedInput, dOutput, branch);
        norm3.Backward(kept.Middle, kept.FeedForwardNorm, branch, residual, accumulate: true);

        dOutput = DropGradient(residual, branch, dropout, DropoutPass.ProjectionSite(index));
        norm1.Forward(x, workspace.NormalizedInput, kept.AttentionNorm);
        attention.Backward(workspace, kept.Attention, workspace.NormalizedInput, dOutput, branch, dropout);
        norm1.Backward(x, kept.AttentionNorm, branch, residual, accumulate: true);
    }

    private static string NameOf(int index, string part) => $"{GptArchitecture.Layer(index)}.{part}";

    private void Drop(in DeviceMatrix y, DropoutPass? dropout, uint site)
    {
        if (dropout is { } pass && model.DropoutRate > 0)
        {
            device.Dropout(y, (float)model.DropoutRate, pass.At(site));
        }
    }

    /// <summary>The gradient of a branch's output: the residual's own, or a copy of it with the branch's dropout applied.</summary>
    private DeviceMatrix DropGradient(in DeviceMatrix residual, in DeviceMatrix copy, DropoutPass? dropout, uint site)
    {
        if (dropout is null || model.DropoutRate <= 0)
        {
            return residual;
        }

        device.ActivationForward(Activation.Linear, residual, copy);
        Drop(copy, dropout, site);
        return copy;
    }
}
