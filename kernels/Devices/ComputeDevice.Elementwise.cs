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
