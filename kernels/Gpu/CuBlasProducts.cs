using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime.Cuda;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <summary>Dense products by NVIDIA's cuBLAS, which comes with the CUDA toolkit and not with the driver.</summary>
internal sealed class CuBlasProducts : IDisposable
{
    // CUBLAS_TF32_TENSOR_OP_MATH, for which ILGPU.Algorithms has no name.
    private const CuBlasMathMode TensorFloat32 = (CuBlasMathMode)3;

    // The latest version that ILGPU.Algorithms asks for, and a later one with the same functions.
    private const string Asked = "12";
    private const string Later = "13";

    private readonly CuBlas library;

    static CuBlasProducts()
    {
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(CuBlas).Assembly, Resolve);
        }
        catch (InvalidOperationException)
        {
            // The program has its own way to find these libraries.
        }
    }

    private CuBlasProducts(CuBlas library) => this.library = library;

    /// <summary>Opens the library; null where the machine has none that works.</summary>
    public static CuBlasProducts? Find(CudaAccelerator accelerator, MatmulPrecision precision)
    {
        try
        {
            CuBlas library = new(accelerator);
            library.MathMode = precision == MatmulPrecision.High ? TensorFloat32 : CuBlasMathMode.DefaultMath;
            return new CuBlasProducts(library);
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException or CuBlasException)
        {
            return null;
        }
    }

    /// <summary>C [m, n] = A B in a layout. cuBLAS counts columns first, so to it each matrix is its transpose: C^T = B^T A^T.</summary>
    /// <param name="layout">How A and B lie.</param>
    /// <param name="m">Rows of C.</param>
    /// <param name="n">Columns of C.</param>
    /// <param name="k">The depth.</param>
    /// <param name="a">A's elements, and from one row to the next.</param>
    /// <param name="b">B's.</param>
    /// <param name="c">C's.</param>
    /// <param name="accumulate">Adds to what C holds.</param>
    public void Gemm(
        GemmLayout layout, int m, int n, int k, (ArrayView<float> Data, int Stride) a, (ArrayView<float> Data, int Stride) b,
        (ArrayView<float> Data, int Stride) c, bool accumulate)
    {
        CuBlasOperation left = layout == GemmLayout.TransposedB ? CuBlasOperation.Transpose : CuBlasOperation.NonTranspose;
        CuBlasOperation right = layout == GemmLayout.TransposedA ? CuBlasOperation.Transpose : CuBlasOperation.NonTranspose;
        library.Gemm(left, right, n, m, k, 1, b.Data, b.Stride, a.Data, a.Stride, accumulate ? 1 : 0, c.Data, c.Stride);
    }

    public void Dispose() => library.Dispose();

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (!name.Contains("cublas", StringComparison.Ordinal))
        {
            return 0;
        }

        string latest = name.Replace(Asked, Later, StringComparison.Ordinal);
        IEnumerable<string> names = latest == name ? [name] : [name, latest];
        return names.SelectMany(file => Folders().Select(folder => Path.Combine(folder, file)).Prepend(file))
            .Select(file => NativeLibrary.TryLoad(file, out nint library) ? library : 0).FirstOrDefault(library => library != 0);
    }

    /// <summary>Where a CUDA toolkit keeps its libraries, besides where the system looks.</summary>
    private static IEnumerable<string> Folders() =>
        new[] { Environment.GetEnvironmentVariable("CUDA_HOME"), Environment.GetEnvironmentVariable("CUDA_PATH"), "/usr/local/cuda" }
            .Where(root => !string.IsNullOrEmpty(root))
            .SelectMany(root => new[] { "lib64", "bin", Path.Combine("bin", "x64") }.Select(folder => Path.Combine(root!, folder)));
}
