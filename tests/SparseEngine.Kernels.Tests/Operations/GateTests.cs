using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class GateTests
{
    private static readonly (int Features, int Tokens)[] Shapes = [(1, 1), (3, 17), (17, 63), (65, 3), (3, 1000), (0, 3), (3, 0)];

    [Theory]
    [EveryDevice]
    public void Forward_multiplies_with_the_function_of_the_gate(DeviceFamily family)
    {
        Matrix gate = ActivationTests.Points();
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            CheckForward(family, activation, gate);
        }

        foreach ((int features, int tokens) in Shapes)
        {
            CheckForward(family, Activation.Silu, new Inputs(1).Matrix(features, tokens));
        }
    }

    [Theory]
    [EveryDevice]
    public void Backward_gives_the_gradients_of_both_factors(DeviceFamily family)
    {
        Matrix gate = ActivationTests.Points();
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            CheckBackward(family, activation, gate);
        }

        foreach ((int features, int tokens) in Shapes)
        {
            CheckBackward(family, Activation.Silu, new Inputs(1).Matrix(features, tokens));
        }
    }

    /// <summary>The output on its own, in place of the factor and in place of the gate.</summary>
    private static void CheckForward(DeviceFamily family, Activation activation, Matrix gate)
    {
        Matrix x = new Inputs(2).Matrix(gate.Rows, gate.Columns);
        Bounded[] expected = [.. x.Values.Zip(gate.Values, (v, g) => v * ActivationReference.Apply(activation, g))];
        ConformanceCheck.Run(family, $"{activation}, {gate.Rows} x {gate.Columns}", [expected, expected, expected], workspace =>
        {
            DeviceMatrix left = workspace.Activations(x);
            DeviceMatrix right = workspace.Activations(gate);
            DeviceMatrix y = workspace.Activations(gate.Rows, gate.Columns);
            DeviceMatrix overwritten = workspace.Activations(x);
            workspace.Device.GateForward(activation, left, right, y);
            workspace.Device.GateForward(activation, overwritten, right, overwritten);
            workspace.Device.GateForward(activation, left, right, right);
            return [Workspace.Read(y), Workspace.Read(overwritten), Workspace.Read(right)];
        });
    }

    /// <summary>Both gradients on their own, and each in place of the output's.</summary>
    private static void CheckBackward(DeviceFamily family, Activation activation, Matrix gate)
    {
        Inputs inputs = new(3);
        Matrix x = inputs.Matrix(gate.Rows, gate.Columns);
        Matrix dy = inputs.Matrix(gate.Rows, gate.Columns);
        Bounded[] dx = [.. gate.Values.Select((g, i) => dy.Values[i] * ActivationReference.Apply(activation, g))];
        Bounded[] dGate = [.. gate.Values.Select((g, i) => (Bounded)dy.Values[i] * x.Values[i] * ActivationReference.Derivative(activation, g))];
        ConformanceCheck.Run(family, $"{activation}, {gate.Rows} x {gate.Columns}", [dx, dGate, dx, dGate, dx, dGate], workspace =>
        {
            DeviceMatrix left = workspace.Activations(x);
            DeviceMatrix right = workspace.Activations(gate);
            DeviceMatrix gradient = workspace.Activations(dy);
            DeviceMatrix[] results = [.. Enumerable.Range(0, 4).Select(_ => workspace.Activations(gate.Rows, gate.Columns))];
            DeviceMatrix becomesDx = workspace.Activations(dy);
            workspace.Device.GateBackward(activation, left, right, gradient, results[0], results[1]);
            workspace.Device.GateBackward(activation, left, right, becomesDx, becomesDx, results[2]);
            workspace.Device.GateBackward(activation, left, right, gradient, results[3], gradient);
            return
            [
                Workspace.Read(results[0]), Workspace.Read(results[1]), Workspace.Read(becomesDx), Workspace.Read(results[2]),
                Workspace.Read(results[3]), Workspace.Read(gradient),
            ];
        });
    }
}
