using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.RandomNumbers;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

/// <summary>The references themselves: a backward reference must be the derivative of the forward one, by central differences in float64.</summary>
public class ReferenceGradientTests
{
    private const double Step = 1e-5;

    [Fact]
    public void Activation_derivatives_are_those_of_the_functions()
    {
        double[] smoothPoints = [-7, -2, -0.7, -0.1, 0.2, 0.9, 3, 7];
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            foreach (double x in smoothPoints)
            {
                double difference = ActivationReference.Apply(activation, x + Step).Value - ActivationReference.Apply(activation, x - Step).Value;
                Assert.Equal(difference / (2 * Step), ActivationReference.Derivative(activation, x).Value, 1e-8);
            }
        }
    }

    [Fact]
    public void Layer_norm_gradients_are_those_of_its_output()
    {
        Inputs inputs = new(1);
        Matrix x = inputs.Matrix(5, 4);
        Matrix weight = inputs.Matrix(5, 1);
        Matrix bias = inputs.Matrix(5, 1);
        Matrix dy = inputs.Matrix(5, 4);
        (_, Bounded[] mean, Bounded[] inverse) = LayerNormReference.Forward(x, weight.Values, bias.Values, 1e-5);
        (BoundedMatrix dx, Bounded[] weightGradient, Bounded[] biasGradient) = LayerNormReference.Backward(
            x, weight.Values, [.. mean.Select(m => m.Value)], [.. inverse.Select(i => i.Value)], dy, null, new double[5], new double[5]);
        AssertGradient(dx.Values, x, Loss);
        AssertGradient(weightGradient, weight, Loss);
        AssertGradient(biasGradient, bias, Loss);

        double Loss() => Product(LayerNormReference.Forward(x, weight.Values, bias.Values, 1e-5).Y, dy);
    }

    [Fact]
    public void Rms_norm_gradients_are_those_of_its_output()
    {
        Inputs inputs = new(4);
        Matrix x = inputs.Matrix(5, 4);
        Matrix weight = inputs.Matrix(5, 1);
        Matrix dy = inputs.Matrix(5, 4);
        (_, Bounded[] inverse) = RmsNormReference.Forward(x, weight.Values, 1e-5);
        (BoundedMatrix dx, Bounded[] weightGradient) =
            RmsNormReference.Backward(x, weight.Values, [.. inverse.Select(i => i.Value)], dy, null, new double[5]);
        AssertGradient(dx.Values, x, Loss);
        AssertGradient(weightGradient, weight, Loss);

        double Loss() => Product(RmsNormReference.Forward(x, weight.Values, 1e-5).Y, dy);
    }

    [Fact]
    public void Cross_entropy_gradients_are_those_of_its_loss()
    {
        Inputs inputs = new(2);
        Matrix logits = inputs.Matrix(7, 5);
        int[] labels = inputs.Integers(5, 7);
        double[] weights = [1, 0, 0.5, 1, 2];
        AssertGradient(SoftmaxCrossEntropyReference.Run(logits, labels, weights, 0.25).Gradient.Values, logits, Loss);

        double Loss() => 0.25 * SoftmaxCrossEntropyReference.Run(logits, labels, weights, 0).Losses.Sum(l => l.Value);
    }

    [Theory]
    [InlineData(0, 2, 4, 0)]
    [InlineData(0.25, 2, 4, 0)]
    [InlineData(0.25, 1, 3, 0.5)]
    public void Attention_gradients_are_those_of_its_output(float dropoutRate, int keyHeads, int window, double slope)
    {
        AttentionArguments arguments = new(Batch: 2, Sequence: 4, Heads: 2, HeadSize: 3, Scale: 0.5f, dropoutRate, new DropoutKey(1, 2, 3))
        {
            KeyValueHeads = keyHeads,
            Window = window,
        };
        double[] slopes = [slope, slope / 2];
        Inputs inputs = new(3);
        Matrix q = inputs.Matrix(6, 8);
        Matrix k = inputs.Matrix(3 * keyHeads, 8);
        Matrix v = inputs.Matrix(3 * keyHeads, 8);
        Matrix gradient = inputs.Matrix(6, 8);
        (BoundedMatrix forward, Bounded[] logSumExp) = AttentionReference.Forward(arguments, q, k, v, slopes);
        Matrix output = new(6, 8, [.. forward.Values.Select(o => o.Value)]);
        (BoundedMatrix dq, BoundedMatrix dk, BoundedMatrix dv) =
            AttentionReference.Backward(arguments, q, k, v, output, [.. logSumExp.Select(s => s.Value)], gradient, slopes);
        AssertGradient(dq.Values, q, Loss);
        AssertGradient(dk.Values, k, Loss);
        AssertGradient(dv.Values, v, Loss);

        double Loss() => Product(AttentionReference.Forward(arguments, q, k, v, slopes).Output, gradient);
    }

    private static double Product(BoundedMatrix y, Matrix dy) => y.Values.Zip(dy.Values, (a, b) => a.Value * b).Sum();

    private static void AssertGradient(Bounded[] gradient, Matrix input, Func<double> loss)
    {
        for (int i = 0; i < input.Values.Length; i++)
        {
            double value = input.Values[i];
            input.Values[i] = value + Step;
            double above = loss();
            input.Values[i] = value - Step;
            double below = loss();
            input.Values[i] = value;
            Assert.Equal((above - below) / (2 * Step), gradient[i].Value, 1e-7);
        }
    }
}
