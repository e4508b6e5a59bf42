using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class RmsNormTests
{
    private const float Epsilon = 1e-5f;

    private static readonly (int Features, int Tokens)[] Shapes = [(1, 1), (3, 17), (17, 63), (65, 65), (1000, 3), (17, 1000), (17, 0)];

    [Theory]
    [EveryDevice]
    public void Forward_divides_each_token_by_its_root_mean_square(DeviceFamily family)
    {
        foreach ((int features, int tokens) in ShapesOf(family))
        {
            Inputs inputs = new(1);
            Matrix x = inputs.Matrix(features, tokens, deviation: 1, mean: 0.5);
            double[] weight = inputs.Vector(features, mean: 1);
            (BoundedMatrix y, Bounded[] inverse) = RmsNormReference.Forward(x, weight, Epsilon);
            ConformanceCheck.Run(family, $"{features} x {tokens}", [y.Values, inverse], workspace =>
            {
                DeviceMatrix output = workspace.Activations(features, tokens);
                DeviceBuffer<float> inverses = workspace.Buffer(tokens);
                workspace.Device.RmsNormForward(workspace.Activations(x), workspace.Buffer(weight), Epsilon, output, inverses);
                return [Workspace.Read(output), Workspace.Read(inverses)];
            });
        }
    }

    [Theory]
    [EveryDevice]
    public void Backward_gives_the_gradients_of_the_input_and_the_weight(DeviceFamily family)
    {
        foreach ((int features, int tokens) in ShapesOf(family))
        {
            foreach (bool accumulate in new[] { false, true })
            {
                Inputs inputs = new(2);
                Matrix x = inputs.Matrix(features, tokens);
                double[] weight = inputs.Vector(features, mean: 1);
                double[] inverse = inputs.Vector(tokens, deviation: 0.1, mean: 1);
                Matrix dy = inputs.Matrix(features, tokens);
                Matrix old = inputs.Matrix(features, tokens);
                double[] oldWeight = inputs.Vector(features);
                (BoundedMatrix dx, Bounded[] weightGradient) =
                    RmsNormReference.Backward(x, weight, inverse, dy, accumulate ? old : null, oldWeight);
                ConformanceCheck.Run(family, $"{features} x {tokens}, accumulate {accumulate}", [dx.Values, weightGradient], workspace =>
                {
                    DeviceMatrix result = accumulate ? workspace.Activations(old) : workspace.Activations(features, tokens);
                    DeviceBuffer<float> weights = workspace.Buffer(oldWeight);
                    workspace.Device.RmsNormBackward(
                        workspace.Activations(x), workspace.Buffer(weight), workspace.Buffer(inverse), workspace.Activations(dy), result, accumulate,
                        weights);
                    return [Workspace.Read(result), Workspace.Read(weights)];
                });
            }
        }
    }

    [Theory]
    [EveryDevice]
    public void The_inputs_gradient_may_replace_the_outputs(DeviceFamily family)
    {
        Inputs inputs = new(3);
        Matrix x = inputs.Matrix(17, 65);
        double[] weight = inputs.Vector(17, mean: 1);
        double[] inverse = inputs.Vector(65, deviation: 0.1, mean: 1);
        Matrix dy = inputs.Matrix(17, 65);
        (BoundedMatrix dx, Bounded[] weightGradient) = RmsNormReference.Backward(x, weight, inverse, dy, null, new double[17]);
        ConformanceCheck.Run(family, "in place", [dx.Values, weightGradient], workspace =>
        {
            DeviceMatrix gradient = workspace.Activations(dy);
            DeviceBuffer<float> weights = workspace.Buffer(new double[17]);
            workspace.Device.RmsNormBackward(
                workspace.Activations(x), workspace.Buffer(weight), workspace.Buffer(inverse), gradient, gradient, accumulate: false, weights);
            return [Workspace.Read(gradient), Workspace.Read(weights)];
        });
    }

    /// <summary>Queries and keys are normalized head by head, each head with the same weight.</summary>
    [Theory]
    [EveryDevice]
    public void A_head_of_a_larger_matrix_is_normalized_by_itself(DeviceFamily family)
    {
        foreach ((int headSize, int tokens) in new[] { (3, 17), (64, 33), (128, 5) })
        {
            Inputs inputs = new(4);
            Matrix x = inputs.Matrix(2 * headSize, tokens);
            double[] weight = inputs.Vector(headSize, mean: 1);
            Matrix second = new(headSize, tokens, x.Values[(headSize * tokens)..]);
            (BoundedMatrix y, Bounded[] inverse) = RmsNormReference.Forward(second, weight, Epsilon);
            Bounded[] expected = [.. new Bounded[headSize * tokens], .. y.Values];
            ConformanceCheck.Run(family, $"{headSize} x {tokens}", [expected, inverse], workspace =>
            {
                DeviceMatrix output = workspace.Activations(new Matrix(2 * headSize, tokens));
                DeviceMatrix input = workspace.Activations(x);
                DeviceBuffer<float> inverses = workspace.Buffer(tokens);
                workspace.Device.RmsNormForward(
                    input.RowRange(headSize, headSize), workspace.Buffer(weight), Epsilon, output.RowRange(headSize, headSize), inverses);
                return [Workspace.Read(output), Workspace.Read(inverses)];
            });
        }
    }

    private static IEnumerable<(int Features, int Tokens)> ShapesOf(DeviceFamily family) =>
        family.CasesOf(Shapes, shape => shape.Features * (64 + shape.Tokens), largest: 9000);
}
