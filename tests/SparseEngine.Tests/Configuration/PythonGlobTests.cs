using SparseEngine.Configuration.Sections;

namespace SparseEngine.Tests.Configuration;

public sealed class PythonGlobTests
{
    // What fnmatch.fnmatchcase says.
    [Theory]
    [InlineData("*linear_layer.weight", "model.ffn.0.linear_layer.weight", true)]
    [InlineData("*linear_layer.weight", "model.ffn.0.linear_layer.weight2", false)]
    [InlineData("linear", "a.linear", false)]
    [InlineData("*proj_[qkv]_dense*", "x.proj_k_dense_layer.weight", true)]
    [InlineData("*proj_[!qkv]*", "x.proj_output_dense_layer", true)]
    [InlineData("*proj_[!qkv]*", "x.proj_q", false)]
    [InlineData("layers.?.weight", "layers.3.weight", true)]
    [InlineData("layers.?.weight", "layers.13.weight", false)]
    [InlineData("layers.[0-2]", "layers.2", true)]
    [InlineData("layers.[2-0]", "layers.1", false)]
    [InlineData("a[", "a[", true)]
    [InlineData("a[]]", "a]", true)]
    [InlineData("a[!]]", "ab", true)]
    [InlineData("a[!]]", "a]", false)]
    [InlineData("a.b", "axb", false)]
    [InlineData("A*", "abc", false)]
    [InlineData("a*", "a\nb", true)]
    [InlineData("", "", true)]
    [InlineData("a[^b]", "a^", true)]
    public void A_glob_matches_what_pythons_fnmatch_matches(string glob, string name, bool matches) =>
        Assert.Equal(matches, PythonGlob.Compile(glob).IsMatch(name));
}
