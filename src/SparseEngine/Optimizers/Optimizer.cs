using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;

namespace SparseEngine.Optimizers;

/// <summary>Updates parameters from their gradients. Its state exists for stored elements only: the non-zeros of a sparse weight.</summary>
internal abstract class Optimizer : IDisposable
{
    private readonly ImmutableArray<ImmutableArray<DeviceBuffer<float>>> states;

    private protected Optimizer(OptimizerParameters settings, ComputeDevice device, ParameterSet parameters, ImmutableArray<string> stateNames)
    {
        Settings = settings;
        Device = device;
        Parameters = parameters;
        StateNames = stateNames;
        states = [.. parameters.Select(parameter => AllocateStates(device, parameter, stateNames.Length))];
    }

    /// <summary>The optimizer section.</summary>
    public OptimizerParameters Settings { get; }

    /// <summary>What it updates.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>PyTorch's names of a parameter's state tensors: "exp_avg", "exp_avg_sq"; "momentum_buffer"; or none.</summary>
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

    /// <summary>A state tensor, laid out as the parameter's values.</summary>
    /// <param name="parameter">The parameter's index.</param>
    /// <param name="state">The index in <see cref="StateNames"/>.</param>
    public DeviceBuffer<float> State(int parameter, int state) => states[parameter][state];

    /// <summary>Makes one update of every parameter.</summary>
    /// <param name="learningRate">The rate of this update.</param>
    /// <param name="scale">What gradients are multiplied by first, or that nothing is updated.</param>
    public void Step(double learningRate, UpdateScale scale)
    {
        Updates++;
        for (int index = 0; index < Parameters.Count; index++)
        {
            Parameter parameter = Parameters[index];
            double decay = parameter.Decays ? Settings.WeightDecayRate : 0;
            Update(parameter, states[index], (float)learningRate, (float)decay, scale);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (DeviceBuffer<float> state in states.SelectMany(state => state))
        {
            state.Dispose();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Updates one parameter.</summary>
    private protected abstract void Update(
        Parameter parameter, ImmutableArray<DeviceBuffer<float>> state, float learningRate, float decay, UpdateScale scale);

    private static ImmutableArray<DeviceBuffer<float>> AllocateStates(ComputeDevice device, Parameter parameter, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => device.Allocate<float>(parameter.Values.Length))];
}

/// <summary>AdamW and Adam, with Model Zoo 1.8's defaults (see <see cref="AdamArguments"/> for the formula).</summary>
internal sealed class AdamOptimizer(OptimizerParameters settings, ComputeDevice device, ParameterSet parameters)
    : Optimizer(settings, device, parameters, ["exp_avg", "exp_avg_sq"])
{
    private protected override void Update(
        Parameter parameter, ImmutableArray<DeviceBuffer<float>> state, float learningRate, float decay, UpdateScale scale)
    {
        double correction = Settings.CorrectBias
            ? Math.Sqrt(1 - Math.Pow(Settings.Beta2, Updates)) / (1 - Math.Pow(Settings.Beta1, Updates))
            : 1;
        AdamArguments arguments = new(
            learningRate,
            (float)Settings.Beta1,
            (float)Settings.Beta2,
            (float)Settings.Epsilon,
            decay,
            DecoupledDecay: Settings.Kind == OptimizerKind.AdamW,
            (float)correction);
        Device.AdamStep(arguments, scale, parameter.Values, parameter.Gradient, state[0], state[1]);
    }
}

/// <summary>Stochastic gradient descent, with momentum where that is above 0 (see <see cref="SgdArguments"/>).</summary>
internal sealed class SgdOptimizer(OptimizerParameters settings, ComputeDevice device, ParameterSet parameters)
    : Optimizer(settings, device, parameters, settings.Momentum > 0 ? ["momentum_buffer"] : [])
{
    private protected override void Update(
        Parameter parameter, ImmutableArray<DeviceBuffer<float>> state, float learningRate, float decay, UpdateScale scale)
    {
        SgdArguments arguments = new(learningRate, (float)Settings.Momentum, Settings.UseNesterov, decay);
        Device.SgdStep(arguments, scale, parameter.Values, parameter.Gradient, state.IsEmpty ? null : state[0]);
    }
}
