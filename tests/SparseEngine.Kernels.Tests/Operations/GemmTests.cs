using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class GemmTests
{
    /// <summary>Edges of the microkernel's tile, and more than one block of each of m, n and k.</summary>
    private static readonly (int M, int N, int K)[] Shapes =
        [(1, 1, 1), (3, 17, 63), (65, 63, 17), (17, 33, 520), (40, 70, 300), (200, 5, 17), (7, 530, 17), (3, 5, 0), (0, 5, 3), (5, 0, 3)];

    [Theory]
    [EveryDevice]
    public void Gemm_is_the_product_in_every_layout(DeviceFamily family)
    {
        foreach ((int m, int n, int k) in Shapes)
        {
            foreach (GemmLayout layout in Enum.GetValues<GemmLayout>())
            {
                Check(family, layout, m, n, k, accumulate: false);
                Check(family, layout, m, n, k, accumulate: true);
            }
        }
    }

    /// <summary>As a layer uses them: the weight and its gradient lie dense, all else are activations.</summary>
    private static void Check(DeviceFamily family, GemmLayout layout, int m, int n, int k, bool accumulate)
    {
        Inputs inputs = new(1);
        Matrix a = layout == GemmLayout.TransposedA ? inputs.Matrix(k, m) : inputs.Matrix(m, k);
        Matrix b = layout == GemmLayout.TransposedB ? inputs.Matrix(n, k) : inputs.Matrix(k, n);
        Matrix old = inputs.Matrix(m, n);
        Bounded[] expected = Product(layout, a, b, accumulate ? old : null, m, n, k).Values;
        ConformanceCheck.Run(family, $"{layout}, {m} x {n} x {k}, accumulate {accumulate}", [expected], workspace =>
        {
            bool weightGradient = layout == GemmLayout.TransposedB;
            DeviceMatrix left = weightGradient ? workspace.Activations(a) : workspace.Dense(a);
            Matrix start = accumulate ? old : new Matrix(m, n, [.. old.Values.Select(_ => double.NaN)]);
            DeviceMatrix c = weightGradient ? workspace.Dense(start) : workspace.Activations(start);
            workspace.Device.Gemm(layout, left, workspace.Activations(b), c, accumulate);
            return [weightGradient ? Workspace.Read(c.Buffer) : Workspace.Read(c)];
        });
    }

    private static BoundedMatrix Product(GemmLayout layout, Matrix a, Matrix b, Matrix? old, int m, int n, int k)
    {
        BoundedMatrix c = new(m, n);
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                BoundedSum sum = default;
                sum.Add(old is null ? 0 : old[i, j]);
                for (int p = 0; p < k; p++)
                {
                    Bounded left = layout == GemmLayout.TransposedA ? a[p, i] : a[i, p];
                    Bounded right = layout == GemmLayout.TransposedB ? b[j, p] : b[p, j];
                    sum.Add(left * right);
                }

                c[i, j] = sum.Total;
            }
        }

        return c;
    }
}
