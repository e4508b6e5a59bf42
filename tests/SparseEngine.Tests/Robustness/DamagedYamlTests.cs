using System.Text;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;

namespace SparseEngine.Tests.Robustness;

/// <summary>Damaged and hostile YAML: every file ends in valid parameters or in lines that name places in it.</summary>
[Collection(Trial.Alone)]
public sealed class DamagedYamlTests : IDisposable
{
    private const int Cases = 30;
    private readonly TemporaryDirectory directory = new();

    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(TestData.PathOf("configs")).Select(path => Path.GetFileName(path))];

    public void Dispose() => directory.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    public void A_damaged_file_ends_in_parameters_or_in_lines(string file)
    {
        byte[] whole = File.ReadAllBytes(TestData.PathOf("configs", file));
        Trial.All<ConfigurationException>(Enumerable.Range(0, Cases).Select<int, (string, Action)>(seed =>
        {
            string path = directory.File($"{seed}.yaml");
            File.WriteAllBytes(path, Damage.Of(whole, seed));
            return ($"seed {seed}", () => RunParametersReader.ReadFile(path));
        }));
    }

    [Fact]
    public void A_hostile_file_ends_in_lines_of_a_sensible_length() => Trial.All<ConfigurationException>(
        Bombs().Select<(string, string), (string, Action)>(bomb =>
        {
            (string name, string yaml) = bomb;
            return (name, () =>
            {
                string path = directory.File("params.yaml");
                File.WriteAllText(path, yaml);
                RunParametersReader.ReadFile(path);
                Assert.Fail("is read without an error");
            });
        }));

    // One at a time, since some are large.
    private static IEnumerable<(string Name, string Yaml)> Bombs()
    {
        yield return ("aliases of aliases", Doubling(level => $"[{Repeat($"*a{level}", 9, ", ")}]"));
        yield return ("merges of merges", Doubling(level => $"{{<<: [{Repeat($"*a{level}", 9, ", ")}], k{level}: 1}}"));
        yield return ("an alias of what it is in", "model: &a {hidden_size: *a}");
        yield return ("lists in lists", $"model: {new string('[', 200_000)}");
        yield return ("maps in maps", $"model: {Repeat("{a: ", 100_000)}");
        yield return ("lists in lists, a line each", string.Concat(Enumerable.Range(0, 1000).Select(depth => $"{new string(' ', depth)}-\n")));
        yield return ("maps in maps, a line each", string.Concat(Enumerable.Range(0, 1000).Select(depth => $"{new string(' ', depth)}a:\n")));
        yield return ("dashes", Repeat("- ", 200_000));
        yield return ("question marks", Repeat("? ", 200_000));
        yield return ("a huge text", $"model: '{new string('x', 900_000)}'");
        yield return ("a huge key", $"{new string('x', 900_000)}: 1");
        yield return ("a huge key in a section", $"model:\n  ? {new string('x', 900_000)}\n  : 1");
        yield return ("a huge integer", $"model: {{hidden_size: {new string('9', 900_000)}}}");
        yield return ("a huge hexadecimal integer", $"model: {{hidden_size: 0x{new string('f', 900_000)}}}");
        yield return ("a huge fraction", $"optimizer: {{learning_rate: 0.{new string('9', 900_000)}}}");
        yield return ("a huge exponent", "model: {hidden_size: 1e999999999, vocab_size: 1e308}");
        yield return ("many keys", string.Concat(Enumerable.Range(0, 60_000).Select(i => $"k{i}: {i}\n")));
        yield return ("many keys twice", Repeat(string.Concat(Enumerable.Range(0, 35_000).Select(i => $"k{i}: {i}\n")), 2));
        yield return ("many keys of a section", "model:\n" + string.Concat(Enumerable.Range(0, 60_000).Select(i => $"  k{i}: {i}\n")));
        yield return ("many merged keys", "base: &b\n" + string.Concat(Enumerable.Range(0, 60_000).Select(i => $"  k{i}: {i}\n"))
            + "model:\n  <<: *b\n");
        yield return ("many schedulers", $"optimizer: {{learning_rate: [{Repeat("{scheduler: Constant, val: 1}", 20_000, ", ")}]}}");
        yield return ("many sizes", $"model: {{hidden_size: [{Repeat("1", 300_000, ",")}]}}");
        yield return ("a regex nested without end",
            $"sparsity: {{sparsity: 0.5, init_method: random, param_name_patterns: '{new string('(', 400_000)}'}}");
        yield return ("a regex with counts of counts",
            $"sparsity: {{sparsity: 0.5, init_method: random, param_name_patterns: 'a{Repeat("{1000}", 5)}'}}");
        yield return ("many documents", Repeat("---\na: 1\n", 50_000));
        yield return ("many tags", $"model: {Repeat("!!str ", 100_000)} a");
        yield return ("many anchors", string.Concat(Enumerable.Range(0, 50_000).Select(i => $"k{i}: &a{i} 1\n")));
        yield return ("zero bytes", new string('\0', 100_000));
        yield return ("a directive of a huge version", $"%YAML {new string('9', 100_000)}.1\n---\na: 1");
        yield return ("a file far larger than any run's", Repeat("# nothing\n", 3_000_000));
    }

    private static string Repeat(string text, int times, string separator = "") => string.Join(separator, Enumerable.Repeat(text, times));

    private static string Doubling(Func<int, string> next)
    {
        StringBuilder yaml = new("a0: &a0 {x: 1}\n");
        for (int level = 0; level < 12; level++)
        {
            yaml.Append($"a{level + 1}: &a{level + 1} {next(level)}\n");
        }

        return yaml.Append("model: *a12\n").ToString();
    }
}
