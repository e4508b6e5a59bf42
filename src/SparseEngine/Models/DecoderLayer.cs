using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>What one decoder layer's backward pass reads of its forward pass.</summary>
/// <param name="AttentionNorm">Of the normalization before the attention.</param>
/// <param name="Attention">Of the attention.</param>
/// <param name="Middle">The residual stream between attention and feed-forward [hidden, tokens]; null where they stand side by side.</param>
/// <param name="FeedForwardNorm">Of the normalization before the feed-forward; null where that reads the attention's.</param>
/// <param name="FeedForward">Of the feed-forward.</param>
internal sealed record LayerActivations(
    NormStatistics AttentionNorm, AttentionActivations Attention, DeviceMatrix? Middle, NormStatistics? FeedForwardNorm,
    FeedForwardActivations FeedForward);

/// <summary>A decoder layer with its normalizations before attention and feed-forward. x, y [hidden, tokens].</summary>
internal abstract class DecoderLayer(ComputeDevice device, ModelParameters model, ParameterSet parameters, int index)
{
    private const string AttentionName = "self_attn";
    private const string AttentionNormName = "norm1";
    private const string FeedForwardNormName = "norm3";
    private const string FeedForwardName = "ffn";

    private protected ComputeDevice Device => device;

    /// <summary>Which layer it is, 0 for the first.</summary>
    private protected int Index => index;

    /// <summary>Before the attention.</summary>
    private protected Normalization AttentionNorm { get; } =
        Normalization.Create(device, parameters, NameOf(index, AttentionNormName), model.Norm, model.LayerNormEpsilon);

    private protected SelfAttention Attention { get; } = new(device, model, parameters, NameOf(index, AttentionName), index);

    /// <summary>Before the feed-forward; null where that reads the attention's.</summary>
    private protected Normalization? FeedForwardNorm { get; } = HasFeedForwardNorm(model)
        ? Normalization.Create(device, parameters, NameOf(index, FeedForwardNormName), model.Norm, model.LayerNormEpsilon)
        : null;

    private protected FeedForward FeedForward { get; } = FeedForward.Create(device, model, parameters, NameOf(index, FeedForwardName));

    /// <summary>The layer that the model section describes.</summary>
    public static DecoderLayer Create(ComputeDevice device, ModelParameters model, ParameterSet parameters, int index) => model.ParallelResidual
        ? new ParallelDecoderLayer(device, model, parameters, index)
        : new SequentialDecoderLayer(device, model, parameters, index);

    /// <summary>Declares a layer's parameters.</summary>
    public static void Declare(ParameterList parameters, ModelParameters model, int index)
    {
        SelfAttention.Declare(parameters, model, NameOf(index, AttentionName));
        Normalization.Declare(parameters, NameOf(index, AttentionNormName), model.Norm, model.HiddenSize);
        if (HasFeedForwardNorm(model))
        {
            Normalization.Declare(parameters, NameOf(index, FeedForwardNormName), model.Norm, model.HiddenSize);
        }

        FeedForward.Declare(parameters, model, NameOf(index, FeedForwardName));
    }

    /// <summary>What a pass keeps for the backward pass; its keys and values are allocated unless they are given.</summary>
    public static LayerActivations Allocate(
        ActivationStore store, ModelParameters model, DeviceMatrix? keys = null, DeviceMatrix? values = null) => new(
        Normalization.Allocate(store, model.Norm),
        SelfAttention.Allocate(store, model, keys, values),
        model.ParallelResidual ? null : store.Matrix(model.HiddenSize),
        HasFeedForwardNorm(model) ? Normalization.Allocate(store, model.Norm) : null,
        FeedForward.Allocate(store, model));

    /// <summary>From the residual stream x to the residual stream y.</summary>
    public abstract void Forward(GptWorkspace workspace, in DeviceMatrix x, in DeviceMatrix y, DropoutPass? dropout);

    /// <summary>Turns the workspace's residual gradient from that of y into that of x, in place.</summary>
    /// <remarks>
    /// What the normalizations gave is computed again: two of a layer's sixteen [hidden, tokens] for a pass over memory each.
    /// With the feed-forward's, which does the same, a layer keeps ten.
    /// </remarks>
    public abstract void Backward(GptWorkspace workspace, in DeviceMatrix x, DropoutPass? dropout);

    private protected void Drop(in DeviceMatrix y, DropoutPass? dropout, uint site)
    {
        if (dropout is { } pass && model.DropoutRate > 0)
        {
            device.Dropout(y, (float)model.DropoutRate, pass.At(site));
        }
    }

    /// <summary>The gradient of a branch's output: the residual's own, or a copy of it with the branch's dropout applied.</summary>
    private protected DeviceMatrix DropGradient(in DeviceMatrix residual, in DeviceMatrix copy, DropoutPass? dropout, uint site)
    {
        if (dropout is null || model.DropoutRate <= 0)
        {
            return residual;
        }

        device.ActivationForward(Activation.Linear, residual, copy);
        Drop(copy, dropout, site);
        return copy;
    }

    private static bool HasFeedForwardNorm(ModelParameters model) => !model.ParallelResidual || model.UntiedLayerNorm;

    private static string NameOf(int index, string part) => $"{GptArchitecture.Layer(index)}.{part}";
}
