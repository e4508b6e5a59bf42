using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class ActivationTests
{
    [Theory]
    [EveryDevice]
    public void Forward_is_the_function_elementwise(DeviceFamily family)
    {
        Matrix x = Points();
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            Bounded[] expected = [.. x.Values.Select(v => ActivationReference.Apply(activation, v))];
            ConformanceCheck.Run(family, $"{activation}", [expected, expected], workspace =>
            {
                DeviceMatrix input = workspace.Activations(x);
                DeviceMatrix y = workspace.Activations(x.Rows, x.Columns);
                workspace.Device.ActivationForward(activation, input, y);
                workspace.Device.ActivationForward(activation, input, input);
                return [Workspace.Read(y), Workspace.Read(input)];
            });
        }
    }

    [Theory]
    [EveryDevice]
    public void Backward_multiplies_with_the_derivative_at_the_input(DeviceFamily family)
    {
        Matrix x = Points();
        Matrix dy = new Inputs(2).Matrix(x.Rows, x.Columns);
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            Bounded[] expected = [.. x.Values.Zip(dy.Values, (v, g) => g * ActivationReference.Derivative(activation, v))];
            ConformanceCheck.Run(family, $"{activation}", [expected, expected], workspace =>
            {
                DeviceMatrix input = workspace.Activations(x);
                DeviceMatrix gradient = workspace.Activations(dy);
                DeviceMatrix dx = workspace.Activations(x.Rows, x.Columns);
                workspace.Device.ActivationBackward(activation, input, gradient, dx);
                workspace.Device.ActivationBackward(activation, input, gradient, gradient);
                return [Workspace.Read(dx), Workspace.Read(gradient)];
            });
        }
    }

    [Theory]
    [EveryDevice]
    public void NaN_in_is_NaN_out(DeviceFamily family)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            using Workspace workspace = new(device, poisoned: false);
            foreach (Activation activation in Enum.GetValues<Activation>())
            {
                DeviceMatrix x = workspace.Activations(2, 17);
                DeviceMatrix y = workspace.Activations(new Matrix(2, 17));
                device.ActivationForward(activation, x, y);
                Assert.All(Workspace.Read(y), v => Assert.True(double.IsNaN(v), $"{activation}"));
            }
        }
    }

    [Theory]
    [EveryDevice]
    public void No_activations_are_no_work(DeviceFamily family)
    {
        foreach ((int features, int tokens) in new[] { (0, 3), (3, 0) })
        {
            Matrix nothing = new(features, tokens);
            ConformanceCheck.Run(family, "nothing", [[]], workspace =>
            {
                DeviceMatrix x = workspace.Activations(nothing);
                workspace.Device.ActivationForward(Activation.Gelu, x, x);
                workspace.Device.ActivationBackward(Activation.Gelu, x, x, x);
                return [Workspace.Read(x)];
            });
        }
    }

    /// <summary>Ordinary values, the kinks, and places where a careless formula overflows or cancels.</summary>
    internal static Matrix Points()
    {
        Matrix x = new Inputs(1).Matrix(17, 65, deviation: 3);
        double[] special =
        [
            0, -0.0, 6, -6, 0.625f, -0.625f, 1, -1, 20, -20, 50, -50, 90, -90, 120, -120, 1000, -1000, 1e-20f, -1e-20f, 1e-42f, 6.0000005f,
            5.9999995f,
        ];
        special.CopyTo(x.Values, 30);
        return x;
    }
}
