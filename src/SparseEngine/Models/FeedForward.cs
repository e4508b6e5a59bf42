using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>What a feed-forward's backward pass reads of its forward pass.</summary>
/// <param name="Expanded">The middle before its non-linearity [filter, tokens].</param>
internal sealed record FeedForwardActivations(DeviceMatrix Expanded);

/// <summary>The feed-forward of a decoder layer: y = W1 f(W0 x + b0) + b1. x, y [hidden, tokens]; the middle is [filter, tokens].</summary>
internal sealed class FeedForward(ComputeDevice device, ModelParameters model, ParameterSet parameters, string name)
{
    private const string First = "ffn.0.linear_layer";
    private const string Second = "ffn.1.linear_layer";

    private readonly Linear expand = new(device, parameters, $"{name}.{First}");
    private readonly Linear contract = new(device, parameters, $"{name}.{Second}");

    /// <summary>Declares W0 [filter, hidden] and W1 [hidden, filter] with their biases.</summary>
    public static void Declare(ParameterList parameters, ModelParameters model, string name)
    {
        InitializerParameters initializer = model.Initializer ?? InitializerParameters.Normal(model.InitializerRange);
        Linear.Declare(parameters, $"{name}.{First}", model.FilterSize, model.HiddenSize, model.UseFfnBias, initializer);
        Linear.Declare(
            parameters, $"{name}.{Second}", model.HiddenSize, model.FilterSize, model.UseFfnBias, model.OutputLayerInitializer ?? initializer);
    }

    /// <summary>What a pass keeps for the backward pass.</summary>
    public static FeedForwardActivations Allocate(ActivationStore store, ModelParameters model) => new(store.Matrix(model.FilterSize));

    /// <summary>y = W1 f(W0 x + b0) + b1.</summary>
    public void Forward(GptWorkspace workspace, FeedForwardActivations kept, in DeviceMatrix x, in DeviceMatrix y)
    {
        expand.Forward(x, kept.Expanded);
        device.ActivationForward(model.Nonlinearity, kept.Expanded, workspace.Activated);
        contract.Forward(workspace.Activated, y);
    }

    /// <summary>dx from dy; dx may be dy, since dy is used up before dx is written.</summary>
    public void Backward(GptWorkspace workspace, FeedForwardActivations kept, in DeviceMatrix x, in DeviceMatrix dy, in DeviceMatrix dx)
    {
        DeviceMatrix dMiddle = workspace.WideGradient.RowRange(0, model.FilterSize);
        device.ActivationForward(model.Nonlinearity, kept.Expanded, workspace.Activated);
        contract.Backward(workspace.Activated, dy, dMiddle, accumulate: false);
        device.ActivationBackward(model.Nonlinearity, kept.Expanded, dMiddle, dMiddle);
        expand.Backward(x, dMiddle, dx, accumulate: false);
    }
}
