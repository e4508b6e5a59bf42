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
        Activate(activation, x, new ActivationOperands(input, input, Vectors(y)), backward: false);
    }

    /// <inheritdoc/>
    private protected override void ActivationBackwardCore(Activation activation, in DeviceMatrix x, in DeviceMatrix dy, in DeviceMatrix dx) =>
        Activate(activation, x, new ActivationOperands(Vectors(x), Vectors(dy), Vectors(dx)), backward: true);

    private void Activate(Activation activation, in DeviceMatrix x, in ActivationOperands operands, bool backward)
    {
        switch (activation)
        {
            case Activation.Linear: Activate<LinearFunction>(x, operands, backward); break;
            case Activation.Gelu: Activate<GeluFunction>(x, operands, backward); break;
            case Activation.GeluNew: Activate<GeluNewFunction>(x, operands, backward); break;
            case Activation.QuickGelu: Activate<QuickGeluFunction>(x, operands, backward); break;
            case Activation.Relu: Activate<ReluFunction>(x, operands, backward); break;
            case Activation.SquaredRelu: Activate<SquaredReluFunction>(x, operands, backward); break;
            case Activation.LeakyRelu: Activate<LeakyReluFunction>(x, operands, backward); break;
            case Activation.Relu6: Activate<Relu6Function>(x, operands, backward); break;
            case Activation.Silu: Activate<SiluFunction>(x, operands, backward); break;
            case Activation.Sigmoid: Activate<SigmoidFunction>(x, operands, backward); break;
            case Activation.Tanh: Activate<TanhFunction>(x, operands, backward); break;
            default: throw new UnreachableException();
        }
    }

    private void Activate<TFunction>(in DeviceMatrix x, in ActivationOperands operands, bool backward)
        where TFunction : struct, IActivationFunction
    {
        int vectors = VectorsOf(x.Columns);
        int count = x.Rows * vectors;
        if (backward)
        {
            LaunchLinear(count, new ActivationBackwardKernel<TFunction>(operands, count, vectors));
        }
        else
        {
            LaunchLinear(count, new ActivationForwardKernel<TFunction>(operands, count, vectors));
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
