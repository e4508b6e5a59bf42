using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>What a feed-forward's backward pass reads of its forward pass.</summary>
/// <param name="Expanded">The middle before its non-linearity, or the factor of the gate [filter, tokens].</param>
/// <param name="Gate">The gate before its non-linearity [filter, tokens]; null where there is none.</param>
internal sealed record FeedForwardActivations(DeviceMatrix Expanded, DeviceMatrix? Gate);

/// <summary>The feed-forward of a decoder layer. x, y [hidden, tokens]; the middle is [filter, tokens].</summary>
internal abstract class FeedForward(ComputeDevice device, ModelParameters model, ParameterSet parameters, string name)
{
    private const string First = "ffn.0.linear_layer";
    private const string Second = "ffn.1.linear_layer";

    private protected ComputeDevice Device => device;

    private protected ModelParameters Model => model;

    /// <summary>W0 [filter, hidden].</summary>
    private protected Linear Expand { get; } = new(device, parameters, $"{name}.{First}");

    /// <summary>W1 [hidden, filter].</summary>
    private protected Linear Contract { get; } = new(device, parameters, $"{name}.{Second}");

    /// <summary>The feed-forward that the model section describes.</summary>
    public static FeedForward Create(ComputeDevice device, ModelParameters model, ParameterSet parameters, string name) => model.GatedFeedForward
        ? new GatedFeedForward(device, model, parameters, name)
        : new PlainFeedForward(device, model, parameters, name);

    /// <summary>Declares W0 [filter, hidden], the gate's V [filter, hidden] where there is one, and W1 [hidden, filter], with their biases.</summary>
    public static void Declare(ParameterList parameters, ModelParameters model, string name)
    {
        WeightScaling input = WeightScaling.OfFeedForwardInput(model);
        Linear.Declare(parameters, $"{name}.{First}", model.FilterSize, model.HiddenSize, model.UseFfnBias, input);
        if (model.GatedFeedForward)
        {
            Linear.Declare(parameters, $"{name}.{First}{GatedFeedForward.Suffix}", model.FilterSize, model.HiddenSize, model.UseFfnBias, input);
        }

        WeightScaling output = WeightScaling.OfFeedForwardOutput(model);
        Linear.Declare(parameters, $"{name}.{Second}", model.HiddenSize, model.FilterSize, model.UseFfnBias, output);
    }

    /// <summary>What a pass keeps for the backward pass.</summary>
    public static FeedForwardActivations Allocate(ActivationStore store, ModelParameters model) =>
        new(store.Matrix(model.FilterSize), model.GatedFeedForward ? store.Matrix(model.FilterSize) : null);

    /// <summary>Features of <see cref="GptWorkspace.WideGradient"/> that the backward pass uses.</summary>
    public static int GradientFeatures(ModelParameters model) => (model.GatedFeedForward ? 2 : 1) * model.FilterSize;

    /// <summary>y from x.</summary>
    public abstract void Forward(GptWorkspace workspace, FeedForwardActivations kept, in DeviceMatrix x, in DeviceMatrix y);

    /// <summary>dx from dy; dx may be dy, since dy is used up before dx is written.</summary>
    public abstract void Backward(GptWorkspace workspace, FeedForwardActivations kept, in DeviceMatrix x, in DeviceMatrix dy, in DeviceMatrix dx);
}
