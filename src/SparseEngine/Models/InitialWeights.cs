using System.Runtime.CompilerServices;
using SparseEngine.Configuration;
using SparseEngine.Kernels.RandomNumbers;

namespace SparseEngine.Models;

/// <summary>A model's weights before training, drawn as Model Zoo 1.8 does where the YAML names no initializer.</summary>
/// <remarks>
/// Each part of the model declares its initializers: biases are 0 and normalizations 1 and 0; tables and an untied head are
/// N(0, r), feed-forward layers N(0, r), attention projections N(0, r / sqrt(2 layers)), with r the initializer range. Each parameter draws from its
/// own PCG64 stream, seeded by the run's seed plus the parameter's index, one draw per element in row-major order.
/// </remarks>
internal sealed class InitialWeights(int seed) : IWeightSource
{
    /// <inheritdoc/>
    public void Read(int index, ParameterDefinition parameter, Span<float> dense)
    {
        ArgumentNullException.ThrowIfNull(parameter);

        // A negative seed is legal in the YAML; the generator takes non-negative ones.
        Pcg64 generator = new((long)unchecked((uint)seed) + index);
        Fill(dense, generator, new WeightDistribution(parameter.Initializer, parameter.Shape[0], parameter.Shape[^1]));
    }

    // Compiled at once and as a whole: millions of draws come before the runtime would see that this is worth it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Fill(Span<float> dense, Pcg64 generator, WeightDistribution distribution)
    {
        foreach (ref float weight in dense)
        {
            weight = (float)distribution.Draw(generator.NextDouble());
        }
    }
}

/// <summary>One initializer applied to a weight [out, in]: turns a uniform draw into a value by the inverse of the distribution function.</summary>
internal sealed class WeightDistribution
{
    private readonly InitializerParameters parameters;
    private readonly double from;
    private readonly double width;
    private readonly double deviation;

    public WeightDistribution(InitializerParameters parameters, int outputs, int inputs)
    {
        this.parameters = parameters;
        deviation = parameters.Kind == InitializerKind.XavierNormal ? Math.Sqrt(2.0 / (inputs + outputs)) : parameters.StandardDeviation;
        (from, width) = parameters.Kind switch
        {
            InitializerKind.TruncatedNormal => Interval(
                NormalDistribution.Cumulative((parameters.Lower - parameters.Mean) / deviation),
                NormalDistribution.Cumulative((parameters.Upper - parameters.Mean) / deviation)),
            InitializerKind.Uniform => Interval(parameters.Lower, parameters.Upper),
            InitializerKind.XavierUniform => Interval(-Math.Sqrt(6.0 / (inputs + outputs)), Math.Sqrt(6.0 / (inputs + outputs))),
            _ => Interval(0, 1),
        };
    }

    /// <summary>The value for a draw in [0, 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double Draw(double draw)
    {
        // A draw of 0 would be minus infinity under a normal distribution; half a draw's resolution stands for it.
        double share = from + (width * Math.Max(draw, double.ScaleB(1, -54)));
        return parameters.Kind switch
        {
            InitializerKind.Normal => parameters.Mean + (deviation * NormalDistribution.Quantile(share)),
            InitializerKind.XavierNormal => deviation * NormalDistribution.Quantile(share),
            InitializerKind.TruncatedNormal => Math.Clamp(
                parameters.Mean + (deviation * NormalDistribution.Quantile(share)), parameters.Lower, parameters.Upper),
            InitializerKind.Constant => parameters.Mean,
            _ => share,
        };
    }

    private static (double From, double Width) Interval(double lower, double upper) => (lower, upper - lower);
}
