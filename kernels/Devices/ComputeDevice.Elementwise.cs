using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Kernels.RandomNumbers;

namespace SparseEngine.Kernels.Devices;

/// <content>Residual sums, non-linearities and dropout.</content>
public abstract partial class ComputeDevice
{
    /// <summary>y = x + y.</summary>
    public void Add(in DeviceMatrix x, in DeviceMatrix y)
    {
        RequireActivations(x, y.Rows, y.Columns);
        RequireActivations(y);
        long start = Begin();
        AddCore(x, y);
        Done()?.Add("residual", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    /// <summary>y = f(x); y may be x.</summary>
    public void ActivationForward(Activation activation, in DeviceMatrix x, in DeviceMatrix y)
    {
        RequireActivation(activation);
        RequireActivations(x);
        RequireActivations(y, x.Rows, x.Columns);
        long start = Begin();
        ActivationForwardCore(activation, x, y);
        Done()?.Add("activation", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    /// <summary>dx = dy f'(x), with x the input of the forward pass; dx may be dy.</summary>
    public void ActivationBackward(Activation activation, in DeviceMatrix x, in DeviceMatrix dy, in DeviceMatrix dx)
    {
        RequireActivation(activation);
        RequireActivations(x);
        RequireActivations(dy, x.Rows, x.Columns);
        RequireActivations(dx, x.Rows, x.Columns);
        long start = Begin();
        ActivationBackwardCore(activation, x, dy, dx);
        Done()?.Add("activation gradient", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    /// <summary>y = x f(gate): the middle of a gated feed-forward (Shazeer, 2020). y may be x or gate.</summary>
    public void GateForward(Activation activation, in DeviceMatrix x, in DeviceMatrix gate, in DeviceMatrix y)
    {
        RequireActivation(activation);
        RequireActivations(x);
        RequireActivations(gate, x.Rows, x.Columns);
        RequireActivations(y, x.Rows, x.Columns);
        long start = Begin();
        GateForwardCore(activation, x, gate, y);
        Done()?.Add("gate", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    /// <summary>Gradients of <see cref="GateForward"/>: dx = dy f(gate), dGate = dy x f'(gate); either may be dy.</summary>
    public void GateBackward(
        Activation activation, in DeviceMatrix x, in DeviceMatrix gate, in DeviceMatrix dy, in DeviceMatrix dx, in DeviceMatrix dGate)
    {
        RequireActivation(activation);
        RequireActivations(x);
        RequireActivations(gate, x.Rows, x.Columns);
        RequireActivations(dy, x.Rows, x.Columns);
        RequireActivations(dx, x.Rows, x.Columns);
        RequireActivations(dGate, x.Rows, x.Columns);
        long start = Begin();
        GateBackwardCore(activation, x, gate, dy, dx, dGate);
        Done()?.Add("gate gradient", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    /// <summary>x = factor x.</summary>
    public void Scale(in DeviceMatrix x, float factor)
    {
        RequireActivations(x);
        long start = Begin();
        ScaleCore(x, factor);
        Done()?.Add("scale", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    /// <summary>
    /// Sets the places drawn from <paramref name="key"/> to zero and scales the others by 1/(1 - rate), in place. Its gradient is the same call on
    /// dy.
    /// </summary>
    public void Dropout(in DeviceMatrix x, float rate, DropoutKey key)
    {
        if (rate is not (>= 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "a dropout rate is in [0, 1)");
        }

        RequireActivations(x);
        if (!key.Holds(x.Columns))
        {
            throw new ArgumentException($"{x.Columns} tokens do not lie within the batch of {key}", nameof(key));
        }

        long start = Begin();
        if (rate > 0)
        {
            DropoutCore(x, rate, key);
        }

        Done()?.Add("dropout", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    private protected abstract void AddCore(in DeviceMatrix x, in DeviceMatrix y);

    private protected abstract void ActivationForwardCore(Activation activation, in DeviceMatrix x, in DeviceMatrix y);

    private protected abstract void ActivationBackwardCore(Activation activation, in DeviceMatrix x, in DeviceMatrix dy, in DeviceMatrix dx);

    private protected abstract void GateForwardCore(Activation activation, in DeviceMatrix x, in DeviceMatrix gate, in DeviceMatrix y);

    private protected abstract void GateBackwardCore(
        Activation activation, in DeviceMatrix x, in DeviceMatrix gate, in DeviceMatrix dy, in DeviceMatrix dx, in DeviceMatrix dGate);

    private protected abstract void ScaleCore(in DeviceMatrix x, float factor);

    /// <param name="x">What is dropped from.</param>
    /// <param name="rate">Above 0.</param>
    /// <param name="key">Where the places are drawn from.</param>
    private protected abstract void DropoutCore(in DeviceMatrix x, float rate, DropoutKey key);

    // Not by Enum.IsDefined, whose table a garbage collection may take away, so that it is allocated anew.
    private static void RequireActivation(Activation activation)
    {
        if (activation is < Activation.Linear or > Activation.Tanh)
        {
            throw new ArgumentOutOfRangeException(nameof(activation), activation, "not an activation");
        }
    }
}
