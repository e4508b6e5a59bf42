using System.Runtime.CompilerServices;
using SparseEngine.Configuration;
using SparseEngine.Kernels.RandomNumbers;
using SparseEngine.Sparsity;

namespace SparseEngine.Models;

/// <summary>A model's weights before training, drawn as Model Zoo 1.8 does where the YAML names no initializer.</summary>
/// <remarks>
/// Biases are 0 and normalizations 1 and 0. Tables and an untied head are N(0, r), feed-forward layers N(0, r), attention
/// projections N(0, r / sqrt(2 layers)), with r the initializer range. Each parameter draws from its own PCG64 stream,
/// seeded by the run's seed plus the parameter's index, one draw per element in row-major order.
/// </remarks>
internal sealed class InitialWeights(ModelParameters model, int seed) : IWeightSource
{
    /// <inheritdoc/>
    public void Read(int index, NamedShape parameter, Span<float> dense)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        if (parameter.Shape.Length == 1)
        {
            // The only vectors called weight are those of normalizations.
            dense.Fill(parameter.Name.EndsWith(".weight", StringComparison.Ordinal) ? 1 : 0);
            return;
        }

        // A negative seed is legal in the YAML; the generator takes non-negative ones.
        Pcg64 generator = new((long)unchecked((uint)seed) + index);
        WeightDistribution distribution = new(InitializerOf(parameter.Name), parameter.Shape[0], parameter.Shape[1]);
        Fill(dense, generator, distribution);
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

    private InitializerParameters InitializerOf(string name)
    {
        double range = model.InitializerRange;
        bool attention = name.Contains(".self_attn.", StringComparison.Ordinal);
        if (GptArchitecture.IsEmbeddingTable(name))
        {
            return model.EmbeddingInitializer ?? Normal(range);
        }

        if (name == $"{GptArchitecture.Head}.weight")
        {
            return Normal(range);
        }

        bool outputProjection = name.Contains(".proj_output_", StringComparison.Ordinal) || name.Contains(".ffn.ffn.1.", StringComparison.Ordinal);
        InitializerParameters? given = outputProjection ? model.OutputLayerInitializer ?? model.Initializer : model.Initializer;
        return given ?? Normal(attention ? range / Math.Sqrt(2.0 * model.Layers) : range);
    }

    private static InitializerParameters Normal(double deviation) => new(InitializerKind.Normal, 0, deviation, 0, 0);
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
