namespace SparseEngine.Cli.Tests.Architecture;

/// <summary>Dependencies point one way, between assemblies as the compiler has it, between the folders of each as stated here.</summary>
public sealed class NamespaceTests
{
    [Theory]
    [InlineData("SparseEngine.Kernels.dll")]
    [InlineData("SparseEngine.dll")]
    [InlineData("SparseEngine.Report.dll")]
    [InlineData("sparse-engine.dll")]
    public void No_two_namespaces_of_an_assembly_need_each_other(string assembly)
    {
        IReadOnlyList<string> circles = NamespaceGraph.Read(Path.Combine(AppContext.BaseDirectory, assembly)).Circles();

        Assert.True(circles.Count == 0, $"{assembly} has namespaces that need each other:\n{string.Join('\n', circles)}");
    }

    [Fact]
    public void A_circle_is_found_with_the_types_that_close_it()
    {
        IReadOnlyList<string> circles = NamespaceGraph.Read(typeof(NamespaceTests).Assembly.Location).Circles();

        Assert.Equal(
            [
                "SparseEngine.Cli.Tests.Architecture.Circle.Left -> SparseEngine.Cli.Tests.Architecture.Circle.Right: LeftRoom names RightRoom",
                "SparseEngine.Cli.Tests.Architecture.Circle.Right -> SparseEngine.Cli.Tests.Architecture.Circle.Left: RightRoom names LeftRoom",
            ],
            circles.Where(line => line.Contains(".Circle.", StringComparison.Ordinal)));
    }
}
