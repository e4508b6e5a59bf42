using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <summary>Elementary functions in float32, with the polynomials and the accuracy of the host's VectorMath.</summary>
/// <remarks>From S. Moshier's Cephes library (expf, logf, tanhf, erff). Comparisons rather than minima and maxima keep NaN a NaN.</remarks>
internal static class GpuMath
{
    // Adding and subtracting 1.5 x 2^23 rounds to the nearest whole number.
    private const float Rounding = 12582912;
    private const int ExponentBias = 127;
    private const int MantissaBits = 23;

    /// <summary>e to the x, within 2 units in the last place; 0 below -104, infinity above 88.73.</summary>
    public static float Exp(float x)
    {
        x = x > 89 ? 89 : x;
        x = x < -104 ? -104 : x;
        float n = ((x * 1.44269504088896341f) + Rounding) - Rounding;
        float r = x - (n * 0.693359375f);
        r += n * 2.12194440e-4f;
        float p = 1.9875691500e-4f;
        p = (p * r) + 1.3981999507e-3f;
        p = (p * r) + 8.3334519073e-3f;
        p = (p * r) + 4.1665795894e-2f;
        p = (p * r) + 1.6666665459e-1f;
        p = (p * r) + 5.0000001201e-1f;
        p = (p * (r * r)) + r + 1;

        // In two steps: 2^n itself may be infinite or zero where the product is not.
        int exponent = (int)n;
        int half = exponent >> 1;
        return p * PowerOfTwo(half) * PowerOfTwo(exponent - half);
    }

    /// <summary>e to each lane.</summary>
    public static Float4 Exp(Float4 x) => new(Exp(x.X), Exp(x.Y), Exp(x.Z), Exp(x.W));

    /// <summary>The natural logarithm of a positive normal number, within 2 units in the last place.</summary>
    public static float Log(float x)
    {
        // x = 2^e m with m in [sqrt 1/2, sqrt 2).
        uint bits = Interop.FloatAsInt(x);
        int exponent = (int)(bits >> MantissaBits) - (ExponentBias - 1);
        float m = Interop.IntAsFloat((bits & 0x007FFFFF) | 0x3F000000);
        if (m < 0.707106781186547524f)
        {
            exponent--;
            m += m;
        }

        m -= 1;
        float z = m * m;
        float p = 7.0376836292e-2f;
        p = (p * m) - 1.1514610310e-1f;
        p = (p * m) + 1.1676998740e-1f;
        p = (p * m) - 1.2420140846e-1f;
        p = (p * m) + 1.4249322787e-1f;
        p = (p * m) - 1.6668057665e-1f;
        p = (p * m) + 2.0000714765e-1f;
        p = (p * m) - 2.4999993993e-1f;
        p = (p * m) + 3.3333331174e-1f;
        float y = m * z * p;
        y += exponent * -2.12194440e-4f;
        y -= 0.5f * z;
        return m + y + (exponent * 0.693359375f);
    }

    /// <summary>Whether a number is neither NaN nor infinite.</summary>
    public static bool IsFinite(float x) => (Interop.FloatAsInt(x) & 0x7F800000) != 0x7F800000;

    /// <summary>1 / (1 + e^-x).</summary>
    public static float Sigmoid(float x) => 1 / (1 + Exp(-x));

    /// <summary>The hyperbolic tangent.</summary>
    public static float Tanh(float x)
    {
        float z = x * x;
        float p = -5.70498872745e-3f;
        p = (p * z) + 2.06390887954e-2f;
        p = (p * z) - 5.37397155531e-2f;
        p = (p * z) + 1.33314422036e-1f;
        p = (p * z) - 3.33332819422e-1f;
        float small = (p * z * x) + x;
        float large = 1 - (2 / (1 + Exp(2 * x)));
        return Magnitude(x) > 0.625f ? large : small;
    }

    /// <summary>The error function, within 2e-7; beyond |x| = 1 by formula 7.1.26 of Abramowitz and Stegun.</summary>
    public static float Erf(float x)
    {
        float z = x * x;
        float p = 7.853861353153693e-5f;
        p = (p * z) - 8.010193625184903e-4f;
        p = (p * z) + 5.188327685732524e-3f;
        p = (p * z) - 2.685381193529856e-2f;
        p = (p * z) + 1.128358514861418e-1f;
        p = (p * z) - 3.761262582423300e-1f;
        p = (p * z) + 1.128379165726710f;
        float small = p * x;

        float magnitude = Magnitude(x);
        float t = 1 / (1 + (0.3275911f * magnitude));
        float q = 1.061405429f;
        q = (q * t) - 1.453152027f;
        q = (q * t) + 1.421413741f;
        q = (q * t) - 0.284496736f;
        q = (q * t) + 0.254829592f;
        float large = 1 - (q * t * Exp(-z));
        large = x < 0 ? -large : large;
        return magnitude > 1 ? large : small;
    }

    /// <summary>|x|; 0 for -0.</summary>
    public static float Magnitude(float x) => Interop.IntAsFloat(Interop.FloatAsInt(x) & 0x7FFFFFFF);

    private static float PowerOfTwo(int exponent) => Interop.IntAsFloat((uint)(exponent + ExponentBias) << MantissaBits);
}
