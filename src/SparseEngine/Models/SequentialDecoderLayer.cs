using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>Attention first, then the feed-forward, as in GPT-2 and llama: m = x + drop(attention(norm1 x)); y = m + drop(ffn(norm3 m)).</summary>
internal sealed class SequentialDecoderLayer(ComputeDevice device, ModelParameters model, ParameterSet parameters, int index)
    : DecoderLayer(device, model, parameters, index)
{
    /// <inheritdoc/>
    public override void Forward(GptWorkspace workspace, in DeviceMatrix x, in DeviceMatrix y, DropoutPass? dropout)
    {
        LayerActivations kept = workspace.Layers[Index];
        DeviceMatrix middle = kept.Middle!.Value;
        AttentionNorm.Forward(x, workspace.NormalizedInput, kept.AttentionNorm);
        Attention.Forward(workspace, kept.Attention, workspace.NormalizedInput, middle, dropout);
        Drop(middle, dropout, DropoutPass.ProjectionSite(Index));
        Device.Add(x, middle);

        FeedForwardNorm!.Forward(middle, workspace.NormalizedInput, kept.FeedForwardNorm!);
        FeedForward.Forward(workspace, kept.FeedForward, workspace.NormalizedInput, y);
        Drop(y, dropout, DropoutPass.FeedForwardSite(Index));
        Device.Add(middle, y);
    }

    /// <inheritdoc/>
    public override void Backward(GptWorkspace workspace, in DeviceMatrix x, DropoutPass? dropout)
    {
        LayerActivations kept = workspace.Layers[Index];
        DeviceMatrix middle = kept.Middle!.Value;
        DeviceMatrix residual = workspace.ResidualGradient;
        DeviceMatrix branch = workspace.BranchGradient;

        DeviceMatrix dOutput = DropGradient(residual, branch, dropout, DropoutPass.FeedForwardSite(Index));
        FeedForwardNorm!.Forward(middle, workspace.NormalizedInput, kept.FeedForwardNorm!);
        FeedForward.Backward(workspace, kept.FeedForward, workspace.NormalizedInput, dOutput, branch);
        FeedForwardNorm.Backward(middle, kept.FeedForwardNorm!, branch, residual, accumulate: true);

        dOutput = DropGradient(residual, branch, dropout, DropoutPass.ProjectionSite(Index));
        AttentionNorm.Forward(x, workspace.NormalizedInput, kept.AttentionNorm);
        Attention.Backward(workspace, kept.Attention, workspace.NormalizedInput, dOutput, branch, dropout);
        AttentionNorm.Backward(x, kept.AttentionNorm, branch, residual, accumulate: true);
    }
}
