using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class BiasTests
{
    private static readonly (int Features, int Tokens)[] Shapes = [(1, 1), (3, 17), (17, 63), (65, 65), (3, 1000), (1000, 3), (0, 5), (5, 0)];

    [Theory]
    [EveryDevice]
    public void AddBias_adds_each_features_bias_to_all_tokens(DeviceFamily family)
    {
        foreach ((int features, int tokens) in family.CasesOf(Shapes, shape => shape.Features * (64 + shape.Tokens), largest: 9000))
        {
            Inputs inputs = new(1);
            Matrix x = inputs.Matrix(features, tokens);
            double[] bias = inputs.Vector(features);
            BoundedMatrix expected = new(features, tokens);
            for (int f = 0; f < features; f++)
            {
                for (int t = 0; t < tokens; t++)
                {
                    expected[f, t] = x[f, t] + (Bounded)bias[f];
                }
            }

            ConformanceCheck.Run(family, $"{features} x {tokens}", [expected.Values], workspace =>
            {
                DeviceMatrix y = workspace.Activations(x);
                workspace.Device.AddBias(y, workspace.Buffer(bias));
                return [Workspace.Read(y)];
            });
        }
    }

    [Theory]
    [EveryDevice]
    public void Add_adds_the_first_matrix_to_the_second(DeviceFamily family)
    {
        foreach ((int features, int tokens) in family.CasesOf(Shapes, shape => shape.Features * (64 + shape.Tokens), largest: 9000))
        {
            Inputs inputs = new(2);
            Matrix x = inputs.Matrix(features, tokens);
            Matrix y = inputs.Matrix(features, tokens);
            Bounded[] expected = [.. x.Values.Zip(y.Values, (a, b) => (Bounded)a + b)];
            ConformanceCheck.Run(family, $"{features} x {tokens}", [expected, [.. x.Values.Select(v => (Bounded)v)]], workspace =>
            {
                DeviceMatrix left = workspace.Activations(x);
                DeviceMatrix sum = workspace.Activations(y);
                workspace.Device.Add(left, sum);
                return [Workspace.Read(sum), Workspace.Read(left)];
            });
        }
    }

    [Theory]
    [EveryDevice]
    public void RowSums_adds_up_the_tokens_of_each_feature(DeviceFamily family)
    {
        foreach ((int features, int tokens) in family.CasesOf(Shapes, shape => shape.Features * (64 + shape.Tokens), largest: 9000))
        {
            Inputs inputs = new(3);
            Matrix dy = inputs.Matrix(features, tokens);
            double[] old = inputs.Vector(features);
            foreach (bool accumulate in new[] { false, true })
            {
                Bounded[] expected = new Bounded[features];
                for (int f = 0; f < features; f++)
                {
                    BoundedSum sum = default;
                    sum.Add(accumulate ? old[f] : 0);
                    for (int t = 0; t < tokens; t++)
                    {
                        sum.Add(dy[f, t]);
                    }

                    expected[f] = sum.Total;
                }

                ConformanceCheck.Run(family, $"{features} x {tokens}, accumulate {accumulate}", [expected], workspace =>
                {
                    DeviceBuffer<float> sums = accumulate ? workspace.Buffer(old) : workspace.Buffer(features);
                    workspace.Device.RowSums(workspace.Activations(dy), sums, accumulate);
                    return [Workspace.Read(sums)];
                });
            }
        }
    }

    /// <summary>Equal terms round the same way each time: added one by one, 100 000 of them would be off by far more.</summary>
    [Theory]
    [EveryDevice]
    public void RowSums_of_long_rows_keep_their_digits(DeviceFamily family)
    {
        Matrix dy = new(1, 100_000, [.. Enumerable.Repeat((double)0.1f, 100_000)]);
        double sum = 100_000 * (double)0.1f;
        ConformanceCheck.Run(family, "long", [[new Bounded(sum, 64 * Bounded.Unit * sum)]], workspace =>
        {
            DeviceBuffer<float> sums = workspace.Buffer(1);
            workspace.Device.RowSums(workspace.Activations(dy), sums, accumulate: false);
            return [Workspace.Read(sums)];
        });
    }
}
