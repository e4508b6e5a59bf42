using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class LayerNormTests
{
    private const float Epsilon = 1e-5f;

    private static readonly (int Features, int Tokens)[] Shapes = [(1, 1), (3, 17), (17, 63), (65, 65), (1000, 3), (63, 1000), (17, 0)];

    [Theory]
    [EveryDevice]
    public void Forward_normalizes_each_token(DeviceFamily family)
    {
        foreach ((int features, int tokens) in ShapesOf(family))
        {
            // A mean of ten deviations: a variance from E[x^2] - E[x]^2 would have lost its digits.
            Inputs inputs = new(1);
            Matrix x = inputs.Matrix(features, tokens, deviation: 1, mean: 10);
            double[] weight = inputs.Vector(features, mean: 1);
            double[] bias = inputs.Vector(features);
            (BoundedMatrix y, Bounded[] mean, Bounded[] inverse) = LayerNormReference.Forward(x, weight, bias, Epsilon);
            ConformanceCheck.Run(family, $"{features} x {tokens}", [y.Values, mean, inverse], workspace =>
            {
                DeviceMatrix output = workspace.Activations(features, tokens);
                DeviceBuffer<float> means = workspace.Buffer(tokens);
                DeviceBuffer<float> inverses = workspace.Buffer(tokens);
                workspace.Device.LayerNormForward(
                    workspace.Activations(x), workspace.Buffer(weight), workspace.Buffer(bias), Epsilon, output, means, inverses);
                return [Workspace.Read(output), Workspace.Read(means), Workspace.Read(inverses)];
            });
        }
    }

    [Theory]
    [EveryDevice]
    public void Backward_gives_the_gradients_of_the_input_and_the_parameters(DeviceFamily family)
    {
        foreach ((int features, int tokens) in ShapesOf(family))
        {
            foreach (bool accumulate in new[] { false, true })
            {
                Inputs inputs = new(2);
                Matrix x = inputs.Matrix(features, tokens);
                double[] weight = inputs.Vector(features, mean: 1);
                double[] mean = inputs.Vector(tokens, deviation: 0.1);
                double[] inverse = inputs.Vector(tokens, deviation: 0.1, mean: 1);
                Matrix dy = inputs.Matrix(features, tokens);
                Matrix old = inputs.Matrix(features, tokens);
                double[] oldWeight = inputs.Vector(features);
                double[] oldBias = inputs.Vector(features);
                (BoundedMatrix dx, Bounded[] weightGradient, Bounded[] biasGradient) =
                    LayerNormReference.Backward(x, weight, mean, inverse, dy, accumulate ? old : null, oldWeight, oldBias);
                string place = $"{features} x {tokens}, accumulate {accumulate}";
                ConformanceCheck.Run(family, place, [dx.Values, weightGradient, biasGradient], workspace =>
                {
                    DeviceMatrix result = accumulate ? workspace.Activations(old) : workspace.Activations(features, tokens);
                    DeviceBuffer<float> weights = workspace.Buffer(oldWeight);
                    DeviceBuffer<float> biases = workspace.Buffer(oldBias);
                    workspace.Device.LayerNormBackward(
                        workspace.Activations(x), workspace.Buffer(weight), workspace.Buffer(mean), workspace.Buffer(inverse),
                        workspace.Activations(dy), result, accumulate, weights, biases);
                    return [Workspace.Read(result), Workspace.Read(weights), Workspace.Read(biases)];
                });
            }
        }
    }

    [Theory]
    [EveryDevice]
    public void Without_a_bias_there_is_none_to_add_and_no_gradient_of_one(DeviceFamily family)
    {
        foreach ((int features, int tokens) in new[] { (1, 1), (17, 63), (65, 65), (17, 0) })
        {
            Inputs inputs = new(3);
            Matrix x = inputs.Matrix(features, tokens, mean: 1);
            double[] weight = inputs.Vector(features, mean: 1);
            double[] none = new double[features];
            Matrix dy = inputs.Matrix(features, tokens);
            double[] givenMean = inputs.Vector(tokens, mean: 1);
            double[] givenInverse = inputs.Vector(tokens, deviation: 0.1, mean: 1);
            (BoundedMatrix y, Bounded[] mean, Bounded[] inverse) = LayerNormReference.Forward(x, weight, none, Epsilon);
            (BoundedMatrix dx, Bounded[] weightGradient, _) = LayerNormReference.Backward(x, weight, givenMean, givenInverse, dy, null, weight, none);
            ConformanceCheck.Run(family, $"{features} x {tokens}", [y.Values, mean, inverse, dx.Values, weightGradient], workspace =>
            {
                DeviceMatrix input = workspace.Activations(x);
                DeviceMatrix output = workspace.Activations(features, tokens);
                DeviceBuffer<float> means = workspace.Buffer(tokens);
                DeviceBuffer<float> inverses = workspace.Buffer(tokens);
                workspace.Device.LayerNormForward(input, workspace.Buffer(weight), bias: null, Epsilon, output, means, inverses);
                DeviceMatrix gradient = workspace.Activations(dy);
                DeviceBuffer<float> weights = workspace.Buffer(weight);
                workspace.Device.LayerNormBackward(
                    input, workspace.Buffer(weight), workspace.Buffer(givenMean), workspace.Buffer(givenInverse), gradient, gradient,
                    accumulate: false, weights, biasGradient: null);
                return [Workspace.Read(output), Workspace.Read(means), Workspace.Read(inverses), Workspace.Read(gradient), Workspace.Read(weights)];
            });
        }
    }

    private static IEnumerable<(int Features, int Tokens)> ShapesOf(DeviceFamily family) =>
        family.CasesOf(Shapes, shape => shape.Features * (64 + shape.Tokens), largest: 9000);
}
