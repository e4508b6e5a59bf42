using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>The three products of a linear layer's weight W [out, in].</summary>
internal abstract class LinearWeight
{
    /// <summary>The weight kind that fits a parameter's layout.</summary>
    public static LinearWeight Of(ComputeDevice device, Parameter parameter) =>
        parameter.Pattern is { } pattern ? new SparseWeight(device, parameter, pattern) : new DenseWeight(device, parameter);

    /// <summary>y = W x + bias. x [in, tokens], y [out, tokens].</summary>
    public abstract void Multiply(in DeviceMatrix x, in DeviceMatrix y, DeviceBuffer<float>? bias);

    /// <summary>dx = W^T dy, or dx += with <paramref name="accumulate"/>. dy [out, tokens], dx [in, tokens].</summary>
    public abstract void MultiplyTransposed(in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate);

    /// <summary>dW += dy x^T.</summary>
    public abstract void AddGradient(in DeviceMatrix dy, in DeviceMatrix x);

    private sealed class DenseWeight(ComputeDevice device, Parameter parameter) : LinearWeight
    {
        private DeviceMatrix Values => DeviceMatrix.Dense(parameter.Values, parameter.Shape[0], parameter.Shape[1]);

        public override void Multiply(in DeviceMatrix x, in DeviceMatrix y, DeviceBuffer<float>? bias)
        {
            device.Gemm(GemmLayout.Normal, Values, x, y, accumulate: false);
            if (bias is not null)
            {
                device.AddBias(y, bias);
            }
        }

        public override void MultiplyTransposed(in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate) =>
            device.Gemm(GemmLayout.TransposedA, Values, dy, dx, accumulate);

        public override void AddGradient(in DeviceMatrix dy, in DeviceMatrix x)
        {
            DeviceMatrix gradient = DeviceMatrix.Dense(parameter.Gradient, parameter.Shape[0], parameter.Shape[1]);
            device.Gemm(GemmLayout.TransposedB, dy, x, gradient, accumulate: true);
        }
    }

    private sealed class SparseWeight(ComputeDevice device, Parameter parameter, SparsePattern pattern) : LinearWeight
    {
        private CsrMatrix Values => new(pattern, parameter.Values);

        public override void Multiply(in DeviceMatrix x, in DeviceMatrix y, DeviceBuffer<float>? bias) =>
            device.Spmm(Values, x, y, bias);

        public override void MultiplyTransposed(in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate) =>
            device.SpmmTransposed(Values, dy, dx, accumulate);

        public override void AddGradient(in DeviceMatrix dy, in DeviceMatrix x) =>
            device.Sddmm(pattern, dy, x, parameter.Gradient, accumulate: true);
    }
}
