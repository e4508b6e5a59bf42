namespace SparseEngine.Tests;

/// <summary>The files of tests/data, as they lie beside the tests.</summary>
internal static class TestData
{
    public static string PathOf(params string[] parts) => Path.Combine([AppContext.BaseDirectory, "data", .. parts]);
}
