using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>
/// Attention and feed-forward side by side, as in GPT-J and GPT-NeoX: y = x + drop(attention(norm1 x)) + drop(ffn(norm x)), where norm is norm1 again
/// or a norm3 of its own.
/// </summary>
internal sealed class ParallelDecoderLayer(ComputeDevice device, ModelParameters model, ParameterSet parameters, int index)
    : DecoderLayer(device, model, parameters, index)
{
    /// <inheritdoc/>
    public override void Forward(GptWorkspace workspace, in DeviceMatrix x, in DeviceMatrix y, DropoutPass? dropout)
    {
        LayerActivations kept = workspace.Layers[Index];
        DeviceMatrix attended = workspace.SecondBranch;
        AttentionNorm.Forward(x, workspace.NormalizedInput, kept.AttentionNorm);
        Attention.Forward(workspace, kept.Attention, workspace.NormalizedInput, attended, dropout);
        Drop(attended, dropout, DropoutPass.ProjectionSite(Index));

        FeedForwardNorm?.Forward(x, workspace.NormalizedInput, kept.FeedForwardNorm!);
        FeedForward.Forward(workspace, kept.FeedForward, workspace.NormalizedInput, y);
        Drop(y, dropout, DropoutPass.FeedForwardSite(Index));
        Device.Add(attended, y);
        Device.Add(x, y);
    }

    /// <inheritdoc/>
    public override void Backward(GptWorkspace workspace, in DeviceMatrix x, DropoutPass? dropout)
    {
        LayerActivations kept = workspace.Layers[Index];
        DeviceMatrix residual = workspace.ResidualGradient;
        DeviceMatrix branch = workspace.BranchGradient;
        DeviceMatrix second = workspace.SecondBranch;

        // Both branches read the gradient of y: it changes when both have.
        DeviceMatrix dOutput = DropGradient(residual, second, dropout, DropoutPass.ProjectionSite(Index));
        AttentionNorm.Forward(x, workspace.NormalizedInput, kept.AttentionNorm);
        Attention.Backward(workspace, kept.Attention, workspace.NormalizedInput, dOutput, second, dropout);

        dOutput = DropGradient(residual, branch, dropout, DropoutPass.FeedForwardSite(Index));
        FeedForwardNorm?.Forward(x, workspace.NormalizedInput, kept.FeedForwardNorm!);
        FeedForward.Backward(workspace, kept.FeedForward, workspace.NormalizedInput, dOutput, branch);
        if (FeedForwardNorm is { } own)
        {
            own.Backward(x, kept.FeedForwardNorm!, branch, residual, accumulate: true);
        }
        else
        {
            Device.Add(branch, second);
        }

        AttentionNorm.Backward(x, kept.AttentionNorm, second, residual, accumulate: true);
    }
}
