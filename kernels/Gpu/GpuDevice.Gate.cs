using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>The middle of a gated feed-forward.</content>
internal sealed partial class GpuDevice
{
    /// <inheritdoc/>
    private protected override void GateForwardCore(Activation activation, in DeviceMatrix x, in DeviceMatrix gate, in DeviceMatrix y) =>
        Launch(activation, new GateForwardLaunch(this, Vectors(x), Vectors(gate), Vectors(y), x.Rows, VectorsOf(x.Columns)));

    /// <inheritdoc/>
    private protected override void GateBackwardCore(
        Activation activation, in DeviceMatrix x, in DeviceMatrix gate, in DeviceMatrix dy, in DeviceMatrix dx, in DeviceMatrix dGate)
    {
        GateGradients gradients = new(Vectors(dy), Vectors(dx), Vectors(dGate));
        Launch(activation, new GateBackwardLaunch(this, Vectors(x), Vectors(gate), gradients, x.Rows, VectorsOf(x.Columns)));
    }

    private readonly struct GateForwardLaunch(GpuDevice device, VectorMatrix x, VectorMatrix gate, VectorMatrix y, int rows, int vectors)
        : IActivationLaunch
    {
        public void Run<TFunction>()
            where TFunction : struct, IActivationFunction =>
            device.LaunchLinear(rows * vectors, new GateForwardKernel<TFunction>(x, gate, y, rows * vectors, vectors));
    }

    private readonly struct GateBackwardLaunch(GpuDevice device, VectorMatrix x, VectorMatrix gate, GateGradients gradients, int rows, int vectors)
        : IActivationLaunch
    {
        public void Run<TFunction>()
            where TFunction : struct, IActivationFunction =>
            device.LaunchLinear(rows * vectors, new GateBackwardKernel<TFunction>(x, gate, gradients, rows * vectors, vectors));
    }
}

/// <summary>The gradients of a gate's output and operands.</summary>
internal readonly struct GateGradients(VectorMatrix dy, VectorMatrix dx, VectorMatrix dGate)
{
    public readonly VectorMatrix Dy = dy, Dx = dx, DGate = dGate;
}

/// <summary>y = x f(gate).</summary>
internal readonly struct GateForwardKernel<TFunction>(VectorMatrix x, VectorMatrix gate, VectorMatrix y, int count, int vectors) : IKernel
    where TFunction : struct, IActivationFunction
{
    public void Invoke()
    {
        TFunction f = default;
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            int row = i / vectors;
            int vector = i - (row * vectors);
            Float4 g = gate[row, vector];
            y[row, vector] = x[row, vector] * new Float4(f.Apply(g.X), f.Apply(g.Y), f.Apply(g.Z), f.Apply(g.W));
        }
    }
}

/// <summary>dx = dy f(gate), dGate = dy x f'(gate).</summary>
internal readonly struct GateBackwardKernel<TFunction>(VectorMatrix x, VectorMatrix gate, GateGradients gradients, int count, int vectors) : IKernel
    where TFunction : struct, IActivationFunction
{
    public void Invoke()
    {
        TFunction f = default;
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            int row = i / vectors;
            int vector = i - (row * vectors);
            Float4 g = gate[row, vector];

            // Both results need it, so it is loaded before the first is stored: either may lie where dy does.
            Float4 dy = gradients.Dy[row, vector];
            Float4 product = dy * x[row, vector];
            gradients.Dx[row, vector] = dy * new Float4(f.Apply(g.X), f.Apply(g.Y), f.Apply(g.Z), f.Apply(g.W));
            gradients.DGate[row, vector] = product * new Float4(f.Derivative(g.X), f.Derivative(g.Y), f.Derivative(g.Z), f.Derivative(g.W));
        }
    }
}
