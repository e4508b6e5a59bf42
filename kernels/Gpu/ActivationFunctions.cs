namespace SparseEngine.Kernels.Gpu;

/// <summary>An elementwise non-linearity and its derivative.</summary>
internal interface IActivationFunction
{
    float Apply(float x);

    float Derivative(float x);
}

/// <summary>f(x) = x.</summary>
internal readonly struct LinearFunction : IActivationFunction
{
    public float Apply(float x) => x;

    public float Derivative(float x) => 1;
}

/// <summary>x Phi(x), Phi the normal distribution.</summary>
internal readonly struct GeluFunction : IActivationFunction
{
    private const float InverseSqrt2 = 0.70710678118654752f;
    private const float InverseSqrt2Pi = 0.39894228040143268f;

    public float Apply(float x) => x * Distribution(x);

    public float Derivative(float x) => (x * (InverseSqrt2Pi * GpuMath.Exp(-0.5f * (x * x)))) + Distribution(x);

    private static float Distribution(float x) => (0.5f * GpuMath.Erf(x * InverseSqrt2)) + 0.5f;
}

/// <summary>x/2 (1 + tanh u), u = sqrt(2/pi) (x + 0.044715 x^3).</summary>
internal readonly struct GeluNewFunction : IActivationFunction
{
    private const float Sqrt2OverPi = 0.79788456080286536f;
    private const float Cubic = 0.044715f;

    public float Apply(float x) => (0.5f * x * HyperbolicTangent(x)) + (0.5f * x);

    public float Derivative(float x)
    {
        float t = HyperbolicTangent(x);
        float slope = Sqrt2OverPi * ((3 * Cubic * (x * x)) + 1);
        return (0.5f * t) + 0.5f + (0.5f * x * (1 - (t * t)) * slope);
    }

    private static float HyperbolicTangent(float x) => GpuMath.Tanh(Sqrt2OverPi * ((Cubic * (x * x * x)) + x));
}

/// <summary>x sigmoid(1.702 x).</summary>
internal readonly struct QuickGeluFunction : IActivationFunction
{
    private const float Slope = 1.702f;

    public float Apply(float x) => x * GpuMath.Sigmoid(Slope * x);

    public float Derivative(float x)
    {
        float gate = GpuMath.Sigmoid(Slope * x);
        return (gate * (Slope * x * (1 - gate))) + gate;
    }
}

/// <summary>max(x, 0); the derivative at 0 is 0.</summary>
internal readonly struct ReluFunction : IActivationFunction
{
    public float Apply(float x) => x < 0 ? 0 : x;

    // 1f, not 1: ILGPU takes the conversion of a chosen integer for the integer's bits.
    public float Derivative(float x) => x > 0 ? 1f : 0f;
}

/// <summary>max(x, 0) squared (So et al., 2021).</summary>
internal readonly struct SquaredReluFunction : IActivationFunction
{
    public float Apply(float x) => x < 0 ? 0 : x * x;

    public float Derivative(float x) => x < 0 ? 0 : 2 * x;
}

/// <summary>x where positive, else 0.01 x.</summary>
internal readonly struct LeakyReluFunction : IActivationFunction
{
    private const float Slope = 0.01f;

    public float Apply(float x) => x * Derivative(x);

    public float Derivative(float x) => x > 0 ? 1 : Slope;
}

/// <summary>min(max(x, 0), 6); the derivative at 0 and 6 is 0.</summary>
internal readonly struct Relu6Function : IActivationFunction
{
    private const float Ceiling = 6;

    public float Apply(float x)
    {
        float positive = x < 0 ? 0 : x;
        return positive > Ceiling ? Ceiling : positive;
    }

    public float Derivative(float x) => x > 0 && x < Ceiling ? 1f : 0f;
}

/// <summary>x sigmoid(x).</summary>
internal readonly struct SiluFunction : IActivationFunction
{
    public float Apply(float x) => x * GpuMath.Sigmoid(x);

    public float Derivative(float x)
    {
        float gate = GpuMath.Sigmoid(x);
        return (gate * (x * (1 - gate))) + gate;
    }
}

/// <summary>1 / (1 + e^-x).</summary>
internal readonly struct SigmoidFunction : IActivationFunction
{
    public float Apply(float x) => GpuMath.Sigmoid(x);

    public float Derivative(float x)
    {
        float y = GpuMath.Sigmoid(x);
        return y * (1 - y);
    }
}

/// <summary>The hyperbolic tangent.</summary>
internal readonly struct TanhFunction : IActivationFunction
{
    public float Apply(float x) => GpuMath.Tanh(x);

    public float Derivative(float x)
    {
        float y = GpuMath.Tanh(x);
        return 1 - (y * y);
    }
}
