using System.Diagnostics;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>Elementwise non-linearities.</content>
internal sealed partial class GpuDevice
{
    /// <inheritdoc/>
    private protected override void ActivationForwardCore(Activation activation, in DeviceMatrix x, in DeviceMatrix y)
    {
        VectorMatrix input = Vectors(x);
        ActivationOperands operands = new(input, input, Vectors(y));
        Launch(activation, new ActivationLaunch(this, operands, x.Rows, VectorsOf(x.Columns), backward: false));
    }

    /// <inheritdoc/>
    private protected override void ActivationBackwardCore(Activation activation, in DeviceMatrix x, in DeviceMatrix dy, in DeviceMatrix dx)
    {
        ActivationOperands operands = new(Vectors(x), Vectors(dy), Vectors(dx));
        Launch(activation, new ActivationLaunch(this, operands, x.Rows, VectorsOf(x.Columns), backward: true));
    }

    /// <summary>Launches a kernel with the function of an activation.</summary>
    private static void Launch<TLaunch>(Activation activation, in TLaunch launch)
        where TLaunch : struct, IActivationLaunch
    {
        switch (activation)
        {
            case Activation.Linear: launch.Run<LinearFunction>(); break;
            case Activation.Gelu: launch.Run<GeluFunction>(); break;
            case Activation.GeluNew: launch.Run<GeluNewFunction>(); break;
            case Activation.QuickGelu: launch.Run<QuickGeluFunction>(); break;
            case Activation.Relu: launch.Run<ReluFunction>(); break;
            case Activation.SquaredRelu: launch.Run<SquaredReluFunction>(); break;
            case Activation.LeakyRelu: launch.Run<LeakyReluFunction>(); break;
            case Activation.Relu6: launch.Run<Relu6Function>(); break;
            case Activation.Silu: launch.Run<SiluFunction>(); break;
            case Activation.Sigmoid: launch.Run<SigmoidFunction>(); break;
            case Activation.Tanh: launch.Run<TanhFunction>(); break;
            default: throw new UnreachableException();
        }
    }

    /// <summary>A launch of a kernel that is compiled for each function.</summary>
    private interface IActivationLaunch
    {
        void Run<TFunction>()
            where TFunction : struct, IActivationFunction;
    }

    private readonly struct ActivationLaunch(GpuDevice device, ActivationOperands operands, int rows, int vectors, bool backward)
        : IActivationLaunch
    {
        public void Run<TFunction>()
            where TFunction : struct, IActivationFunction
        {
            int count = rows * vectors;
            if (backward)
            {
                device.LaunchLinear(count, new ActivationBackwardKernel<TFunction>(operands, count, vectors));
            }
            else
            {
                device.LaunchLinear(count, new ActivationForwardKernel<TFunction>(operands, count, vectors));
            }
        }
    }
}

/// <summary>The matrices of an activation; without a gradient dy is x again.</summary>
internal readonly struct ActivationOperands(VectorMatrix x, VectorMatrix dy, VectorMatrix result)
{
    public readonly VectorMatrix X = x, Dy = dy, Result = result;
}

/// <summary>y = f(x).</summary>
internal readonly struct ActivationForwardKernel<TFunction>(ActivationOperands operands, int count, int vectors) : IKernel
    where TFunction : struct, IActivationFunction
{
    public void Invoke()
    {
        TFunction f = default;
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            int row = i / vectors;
            int vector = i - (row * vectors);
            Float4 x = operands.X[row, vector];
            operands.Result[row, vector] = new Float4(f.Apply(x.X), f.Apply(x.Y), f.Apply(x.Z), f.Apply(x.W));
        }
    }
}

/// <summary>dx = dy f'(x).</summary>
internal readonly struct ActivationBackwardKernel<TFunction>(ActivationOperands operands, int count, int vectors) : IKernel
    where TFunction : struct, IActivationFunction
{
    public void Invoke()
    {
        TFunction f = default;
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            int row = i / vectors;
            int vector = i - (row * vectors);
            Float4 x = operands.X[row, vector];
            operands.Result[row, vector] =
                operands.Dy[row, vector] * new Float4(f.Derivative(x.X), f.Derivative(x.Y), f.Derivative(x.Z), f.Derivative(x.W));
        }
    }
}
