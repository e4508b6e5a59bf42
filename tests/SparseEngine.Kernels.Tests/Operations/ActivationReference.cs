using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Tests.Conformance;
using static SparseEngine.Kernels.Tests.Conformance.Bounded;

namespace SparseEngine.Kernels.Tests.Operations;

/// <summary>Every <see cref="Activation"/> and its derivative.</summary>
internal static class ActivationReference
{
    private static readonly Bounded Sqrt2OverPi = Constant(Math.Sqrt(2 / Math.PI));
    private static readonly Bounded Cubic = Constant(0.044715);
    private static readonly Bounded QuickSlope = Constant(1.702);
    private static readonly Bounded LeakySlope = Constant(0.01);

    public static Bounded Apply(Activation activation, Bounded x) => activation switch
    {
        Activation.Linear => x,
        Activation.Gelu => x * NormalDistribution(x),
        Activation.GeluNew => 0.5 * x * (1 + Tanh(GeluNewArgument(x))),
        Activation.QuickGelu => x * Sigmoid(QuickSlope * x),
        Activation.Relu => Positive(x),
        Activation.SquaredRelu => Positive(x) * Positive(x),
        Activation.LeakyRelu => x.Value > 0 ? x : LeakySlope * x,
        Activation.Relu6 => x.Value < 6 ? Positive(x) : 6,
        Activation.Silu => x * Sigmoid(x),
        Activation.Sigmoid => Sigmoid(x),
        Activation.Tanh => Tanh(x),
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };

    /// <summary>The derivative; at a kink that of the side PyTorch takes: 0 for the ReLUs, the small slope for the leaky one.</summary>
    public static Bounded Derivative(Activation activation, Bounded x)
    {
        switch (activation)
        {
            case Activation.Linear:
                return 1;
            case Activation.Gelu:
                return NormalDistribution(x) + (x * Constant(1 / Math.Sqrt(2 * Math.PI)) * Exp(-0.5 * x * x));
            case Activation.GeluNew:
                Bounded tanh = Tanh(GeluNewArgument(x));
                return (0.5 * (1 + tanh)) + (0.5 * x * (1 - (tanh * tanh)) * Sqrt2OverPi * (1 + (3 * Cubic * x * x)));
            case Activation.QuickGelu:
                Bounded gate = Sigmoid(QuickSlope * x);
                return gate + (QuickSlope * x * gate * (1 - gate));
            case Activation.Relu:
                return x.Value > 0 ? 1 : 0;
            case Activation.SquaredRelu:
                return 2 * Positive(x);
            case Activation.LeakyRelu:
                return x.Value > 0 ? 1 : LeakySlope;
            case Activation.Relu6:
                return x.Value is > 0 and < 6 ? 1 : 0;
            case Activation.Silu:
                return Sigmoid(x) + (x * Sigmoid(x) * (1 - Sigmoid(x)));
            case Activation.Sigmoid:
                return Sigmoid(x) * (1 - Sigmoid(x));
            case Activation.Tanh:
                return 1 - (Tanh(x) * Tanh(x));
            default:
                throw new ArgumentOutOfRangeException(nameof(activation));
        }
    }

    private static Bounded Positive(Bounded x) => x.Value > 0 ? x : 0;

    private static Bounded NormalDistribution(Bounded x) => 0.5 * (1 + Erf(x * Constant(Math.Sqrt(0.5))));

    private static Bounded GeluNewArgument(Bounded x) => Sqrt2OverPi * (x + (Cubic * x * x * x));
}
