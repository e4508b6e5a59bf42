using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>The middle of a gated feed-forward.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    private protected override void GateForwardCore(Activation activation, in DeviceMatrix x, in DeviceMatrix gate, in DeviceMatrix y) =>
        Run(activation, new GateForwardLoop(pool, new GateOperands(x, gate), new ActivationRows(Pointer(y), y.Stride)));

    /// <inheritdoc/>
    private protected override void GateBackwardCore(
        Activation activation, in DeviceMatrix x, in DeviceMatrix gate, in DeviceMatrix dy, in DeviceMatrix dx, in DeviceMatrix dGate)
    {
        GateGradients gradients = new(
            new ActivationRows(Pointer(dy), dy.Stride), new ActivationRows(Pointer(dx), dx.Stride), new ActivationRows(Pointer(dGate), dGate.Stride));
        Run(activation, new GateBackwardLoop(pool, new GateOperands(x, gate), gradients));
    }

    /// <summary>What both passes read.</summary>
    private readonly struct GateOperands(in DeviceMatrix x, in DeviceMatrix gate)
    {
        public readonly ActivationRows X = new(Pointer(x), x.Stride), Gate = new(Pointer(gate), gate.Stride);
        public readonly int Rows = x.Rows, Padded = DeviceMatrix.Padded(x.Columns);
    }

    private readonly struct GateGradients(ActivationRows dy, ActivationRows dx, ActivationRows dGate)
    {
        public readonly ActivationRows Dy = dy, Dx = dx, DGate = dGate;
    }

    private readonly struct GateForwardLoop(WorkerPool pool, GateOperands operands, ActivationRows y) : IActivationLoop
    {
        public void Run<TFunction>()
            where TFunction : IActivationFunction<TSimd, TVector>
        {
            int parts = PartsOfFunctions(pool, operands.Rows, operands.Padded);
            pool.Run(parts, new GateForwardBody<TFunction>(operands, y, parts));
        }
    }

    private readonly struct GateBackwardLoop(WorkerPool pool, GateOperands operands, GateGradients gradients) : IActivationLoop
    {
        public void Run<TFunction>()
            where TFunction : IActivationFunction<TSimd, TVector>
        {
            int parts = PartsOfFunctions(pool, operands.Rows, operands.Padded);
            pool.Run(parts, new GateBackwardBody<TFunction>(operands, gradients, parts));
        }
    }

    private readonly struct GateForwardBody<TFunction>(GateOperands operands, ActivationRows y, int parts) : IParallelBody
        where TFunction : IActivationFunction<TSimd, TVector>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            (int first, int end) = Share(operands.Rows, index, parts);
            for (int row = first; row < end; row++)
            {
                float* x = operands.X[row];
                float* gate = operands.Gate[row];
                float* to = y[row];
                for (int t = 0; t < operands.Padded; t += TSimd.Width)
                {
                    TSimd.Store(to + t, TSimd.Multiply(TSimd.Load(x + t), TFunction.Apply(TSimd.Load(gate + t))));
                }
            }
        }
    }

    private readonly struct GateBackwardBody<TFunction>(GateOperands operands, GateGradients gradients, int parts) : IParallelBody
        where TFunction : IActivationFunction<TSimd, TVector>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            (int first, int end) = Share(operands.Rows, index, parts);
            for (int row = first; row < end; row++)
            {
                float* x = operands.X[row];
                float* gate = operands.Gate[row];
                float* dy = gradients.Dy[row];
                float* dx = gradients.Dx[row];
                float* dGate = gradients.DGate[row];
                for (int t = 0; t < operands.Padded; t += TSimd.Width)
                {
                    // Both results before either is stored: dx or dGate may lie where dy does.
                    TVector g = TSimd.Load(gate + t);
                    TVector gradient = TSimd.Load(dy + t);
                    TVector ofX = TSimd.Multiply(gradient, TFunction.Apply(g));
                    TVector ofGate = TSimd.Multiply(TSimd.Multiply(gradient, TSimd.Load(x + t)), TFunction.Derivative(g));
                    TSimd.Store(dx + t, ofX);
                    TSimd.Store(dGate + t, ofGate);
                }
            }
        }
    }
}
