using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>A linear layer y = W x + b. W [out, in], dense or sparse; x [in, tokens]; y [out, tokens].</summary>
internal sealed class Linear
{
    private readonly ComputeDevice device;
    private readonly LinearWeight weight;
    private readonly Parameter? bias;

    /// <summary>The layer whose parameters are <paramref name="name"/>.weight and, where the model has it, <paramref name="name"/>.bias.</summary>
    public Linear(ComputeDevice device, ParameterSet parameters, string name)
        : this(device, parameters[$"{name}.weight"], parameters.Find($"{name}.bias"))
    {
    }

    /// <summary>The layer of the given parameters: an output head may borrow the token table.</summary>
    public Linear(ComputeDevice device, Parameter weight, Parameter? bias)
    {
        this.device = device;
        this.weight = new LinearWeight(device, weight);
        this.bias = bias;
    }

    /// <summary>Declares a weight [outputs, inputs] and, with <paramref name="bias"/>, a bias [outputs].</summary>
    public static void Declare(ParameterList parameters, string name, int outputs, int inputs, bool bias, WeightScaling scaling)
    {
        parameters.AddScaled($"{name}.weight", ParameterRole.LinearWeight, scaling, outputs, inputs);
        if (bias)
        {
            parameters.Add($"{name}.bias", ParameterRole.Bias, InitializerParameters.Constant(0), outputs);
        }
    }

    /// <summary>y = W x + b.</summary>
    public void Forward(in DeviceMatrix x, in DeviceMatrix y) => weight.Multiply(x, y, bias?.Values);

    /// <summary>dW += dy x^T, db += the sums of dy over tokens, dx = W^T dy (or dx += with <paramref name="accumulate"/>).</summary>
    public void Backward(in DeviceMatrix x, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate)
    {
        weight.AddGradient(dy, x);
        if (bias is not null)
        {
            device.RowSums(dy, bias.Gradient, accumulate: true);
        }

        weight.MultiplyTransposed(dy, dx, accumulate);
    }
}
