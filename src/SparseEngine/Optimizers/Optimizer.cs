using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;

namespace SparseEngine.Optimizers;

/// <summary>
/// Updates parameters from their gradients. Its state lies with each parameter and exists for stored elements only: the non-zeros of a sparse weight.
/// </summary>
internal abstract class Optimizer
{
    private protected Optimizer(OptimizerParameters settings, ComputeDevice device, ParameterSet parameters)
    {
        Settings = settings;
        Device = device;
        Parameters = parameters;
        StateNames = settings.StateNames;
        foreach (Parameter parameter in parameters)
        {
            parameter.AllocateStates(StateNames.Length);
        }
    }

    /// <summary>The optimizer section.</summary>
    public OptimizerParameters Settings { get; }

    /// <summary>What it updates.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>PyTorch's names of a parameter's state tensors.</summary>
    public ImmutableArray<string> StateNames { get; }

    /// <summary>Updates made since the state was zero: t of the bias correction.</summary>
    public int Updates { get; set; }

    /// <summary>Where the updates run.</summary>
    private protected ComputeDevice Device { get; }

    /// <summary>The update rule that <paramref name="settings"/> names, with zero state.</summary>
    public static Optimizer Create(OptimizerParameters settings, ComputeDevice device, ParameterSet parameters)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(parameters);
        return settings.Kind switch
        {
            OptimizerKind.AdamW or OptimizerKind.Adam => new AdamOptimizer(settings, device, parameters),
            OptimizerKind.Sgd => new SgdOptimizer(settings, device, parameters),
            _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Kind, "unknown optimizer"),
        };
    }

    /// <summary>Makes one update of every parameter.</summary>
    /// <param name="learningRate">The rate of this update.</param>
    /// <param name="scale">What gradients are multiplied by first, or that nothing is updated.</param>
    public void Step(double learningRate, UpdateScale scale)
    {
        Updates++;
        foreach (Parameter parameter in Parameters)
        {
            double decay = parameter.Definition.Decays ? Settings.WeightDecayRate : 0;
            parameter.GatherGradient();
            Update(parameter, (float)(learningRate * parameter.LearningRateRatio), (float)decay, scale);
            parameter.ReleaseGathered();
        }
    }

    /// <summary>Updates one parameter.</summary>
    private protected abstract void Update(Parameter parameter, float learningRate, float decay, UpdateScale scale);
}
