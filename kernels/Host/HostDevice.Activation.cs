using System.Diagnostics;
using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Elementwise non-linearities.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    private protected override void ActivationForwardCore(Activation activation, in DeviceMatrix x, in DeviceMatrix y) =>
        Activate(activation, x, null, y);

    /// <inheritdoc/>
    private protected override void ActivationBackwardCore(Activation activation, in DeviceMatrix x, in DeviceMatrix dy, in DeviceMatrix dx) =>
        Activate(activation, x, dy, dx);

    private void Activate(Activation activation, in DeviceMatrix x, DeviceMatrix? dy, in DeviceMatrix result)
    {
        ActivationOperands operands = new(
            Pointer(x), x.Stride, dy is { } gradient ? Pointer(gradient, nameof(dy)) : null, dy?.Stride ?? 0, Pointer(result), result.Stride,
            x.Rows, DeviceMatrix.Padded(x.Columns));
        Run(activation, new ActivationLoop(pool, operands));
    }

    /// <summary>Runs a loop with the function of an activation.</summary>
    private static void Run<TLoop>(Activation activation, in TLoop loop)
        where TLoop : struct, IActivationLoop
    {
        switch (activation)
        {
            case Activation.Linear: loop.Run<LinearFunction<TSimd, TVector>>(); break;
            case Activation.Gelu: loop.Run<GeluFunction<TSimd, TVector>>(); break;
            case Activation.GeluNew: loop.Run<GeluNewFunction<TSimd, TVector>>(); break;
            case Activation.QuickGelu: loop.Run<QuickGeluFunction<TSimd, TVector>>(); break;
            case Activation.Relu: loop.Run<ReluFunction<TSimd, TVector>>(); break;
            case Activation.SquaredRelu: loop.Run<SquaredReluFunction<TSimd, TVector>>(); break;
            case Activation.LeakyRelu: loop.Run<LeakyReluFunction<TSimd, TVector>>(); break;
            case Activation.Relu6: loop.Run<Relu6Function<TSimd, TVector>>(); break;
            case Activation.Silu: loop.Run<SiluFunction<TSimd, TVector>>(); break;
            case Activation.Sigmoid: loop.Run<SigmoidFunction<TSimd, TVector>>(); break;
            case Activation.Tanh: loop.Run<TanhFunction<TSimd, TVector>>(); break;
            default: throw new UnreachableException();
        }
    }

    /// <summary>A loop that is compiled for each function: what is elementwise has no time for calls.</summary>
    private interface IActivationLoop
    {
        void Run<TFunction>()
            where TFunction : IActivationFunction<TSimd, TVector>;
    }

    /// <summary>x, dy (null in the forward pass) and the result.</summary>
    private readonly struct ActivationOperands(float* x, int xStride, float* dy, int dyStride, float* result, int resultStride, int rows, int padded)
    {
        public readonly float* X = x, Dy = dy, Result = result;
        public readonly nint XStride = xStride, DyStride = dyStride, ResultStride = resultStride;
        public readonly int Rows = rows, Padded = padded;
    }

    private readonly struct ActivationLoop(WorkerPool pool, ActivationOperands operands) : IActivationLoop
    {
        public void Run<TFunction>()
            where TFunction : IActivationFunction<TSimd, TVector>
        {
            int parts = PartsOfFunctions(pool, operands.Rows, operands.Padded);
            pool.Run(parts, new ActivationBody<TFunction>(operands, parts));
        }
    }

    private readonly struct ActivationBody<TFunction>(ActivationOperands operands, int parts) : IParallelBody
        where TFunction : IActivationFunction<TSimd, TVector>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            (int first, int end) = Share(operands.Rows, index, parts);
            for (int row = first; row < end; row++)
            {
                float* x = operands.X + (row * operands.XStride);
                float* result = operands.Result + (row * operands.ResultStride);
                if (operands.Dy is null)
                {
                    for (int t = 0; t < operands.Padded; t += TSimd.Width)
                    {
                        TSimd.Store(result + t, TFunction.Apply(TSimd.Load(x + t)));
                    }
                }
                else
                {
                    float* dy = operands.Dy + (row * operands.DyStride);
                    for (int t = 0; t < operands.Padded; t += TSimd.Width)
                    {
                        TSimd.Store(result + t, TSimd.Multiply(TSimd.Load(dy + t), TFunction.Derivative(TSimd.Load(x + t))));
                    }
                }
            }
        }
    }
}
