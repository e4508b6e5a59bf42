using System.Reflection;
using System.Runtime.InteropServices;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>OpenBLAS's float32 matrix product, where the machine has the library (Debian: libopenblas0-pthread).</summary>
internal static unsafe partial class OpenBlas
{
    private const string Library = "openblas";
    private const int RowMajor = 101;
    private const int AsIs = 111;
    private const int Transposed = 112;

    /// <summary>Whether the library was found.</summary>
    public static bool IsPresent { get; } = Find(out _);

    /// <summary>Version and kernels: "OpenBLAS 0.3.21 ... Zen".</summary>
    public static string Description => $"{Marshal.PtrToStringUTF8(GetConfig())}";

    /// <summary>Sets the number of threads of all products that follow.</summary>
    [LibraryImport(Library, EntryPoint = "openblas_set_num_threads")]
    public static partial void SetThreads(int threads);

    /// <summary>C [m, n] = op(A) op(B), row-major; op(A) is [m, k].</summary>
    public static void Multiply(
        bool transposeA, bool transposeB, int m, int n, int k, float* a, int strideA, float* b, int strideB, float* c, int strideC) =>
        Sgemm(RowMajor, transposeA ? Transposed : AsIs, transposeB ? Transposed : AsIs, m, n, k, 1, a, strideA, b, strideB, 0, c, strideC);

    static OpenBlas() => NativeLibrary.SetDllImportResolver(
        Assembly.GetExecutingAssembly(), (name, _, _) => name == Library && Find(out nint handle) ? handle : 0);

    private static bool Find(out nint handle)
    {
        foreach (string name in new[] { "libopenblas.so.0", "libopenblas.so", "openblas", "libopenblas.dylib" })
        {
            if (NativeLibrary.TryLoad(name, out handle))
            {
                return true;
            }
        }

        handle = 0;
        return false;
    }

    [LibraryImport(Library, EntryPoint = "openblas_get_config")]
    private static partial nint GetConfig();

    [LibraryImport(Library, EntryPoint = "cblas_sgemm")]
    private static partial void Sgemm(
        int order, int transposeA, int transposeB, int m, int n, int k, float alpha, float* a, int strideA, float* b, int strideB, float beta,
        float* c, int strideC);
}
