using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>The three products of a linear layer's weight W [out, in], dense or sparse as the weight is at that moment.</summary>
internal sealed class LinearWeight(ComputeDevice device, Parameter parameter)
{
    private DeviceMatrix Dense => AsMatrix(parameter.Values);

    /// <summary>y = W x + bias. x [in, tokens], y [out, tokens].</summary>
    public void Multiply(in DeviceMatrix x, in DeviceMatrix y, DeviceBuffer<float>? bias)
    {
        if (parameter.Pattern is { } pattern)
        {
            device.Spmm(new CsrMatrix(pattern, parameter.Values), x, y, bias);
            return;
        }

        device.Gemm(GemmLayout.Normal, Dense, x, y, accumulate: false);
        if (bias is not null)
        {
            device.AddBias(y, bias);
        }
    }

    /// <summary>dx = W^T dy, or dx += with <paramref name="accumulate"/>. dy [out, tokens], dx [in, tokens].</summary>
    public void MultiplyTransposed(in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate)
    {
        if (parameter.Pattern is { } pattern)
        {
            device.SpmmTransposed(new CsrMatrix(pattern, parameter.Values), dy, dx, accumulate);
        }
        else
        {
            device.Gemm(GemmLayout.TransposedA, Dense, dy, dx, accumulate);
        }
    }

    /// <summary>dW += dy x^T, of all elements where the weight collects a dense gradient.</summary>
    public void AddGradient(in DeviceMatrix dy, in DeviceMatrix x)
    {
        if (parameter.DenseGradient is { } all)
        {
            device.Gemm(GemmLayout.TransposedB, dy, x, AsMatrix(all), accumulate: true);
        }
        else if (parameter.Pattern is { } pattern)
        {
            device.Sddmm(pattern, dy, x, parameter.Gradient, accumulate: true);
        }
        else
        {
            device.Gemm(GemmLayout.TransposedB, dy, x, AsMatrix(parameter.Gradient), accumulate: true);
        }
    }

    private DeviceMatrix AsMatrix(DeviceBuffer<float> buffer) => DeviceMatrix.Dense(buffer, parameter.Shape[0], parameter.Shape[1]);
}
