using System.Buffers.Binary;
using System.Text;
using SparseEngine.Checkpoints;

namespace SparseEngine.Tests.Robustness;

/// <summary>Damaged and hostile .safetensors files: every one ends in a valid object or one line.</summary>
[Collection(Trial.Alone)]
public sealed class DamagedSafetensorsTests : IDisposable
{
    private const int Cases = 150;
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void A_damaged_file_ends_in_tensors_or_one_line()
    {
        byte[] whole = System.IO.File.ReadAllBytes(TestData.PathOf("tiny-dense", "initial.safetensors"));
        int header = sizeof(long) + (int)BinaryPrimitives.ReadInt64LittleEndian(whole);

        // Most of the damage to the header, which is a small part of the file.
        Trial.All<CheckpointException>(Enumerable.Range(0, Cases).Select(seed => Case(
            $"seed {seed}", seed % 4 == 0 ? Damage.Of(whole, seed / 4) : [.. Damage.Of(whole.AsSpan(0, header), seed), .. whole.AsSpan(header)])));
    }

    [Fact]
    public void A_hostile_header_ends_in_tensors_or_one_line() =>
        Trial.All<CheckpointException>(Headers().Select(header => Case(header.Name, File(header.Json))));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData(int.MaxValue)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    [InlineData(100_000_000)]
    [InlineData(100_000_001)]
    public void A_header_of_any_stated_length_ends_in_tensors_or_one_line(long length)
    {
        byte[] file = File("{}");
        BinaryPrimitives.WriteInt64LittleEndian(file, length);
        Trial.All<CheckpointException>([Case($"length {length}", file)]);
    }

    private static byte[] File(string header)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return [.. length, .. json, .. new byte[16]];
    }

    private static string Map(params string[] entries) => $"{{{string.Join(',', entries)}}}";

    private static string Entry(string name, string shape, string offsets) =>
        $"\"{name}\":{{\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":{offsets}}}";

    // One at a time, since some are large.
    private static IEnumerable<(string Name, string Json)> Headers()
    {
        yield return ("nothing", "{}");
        yield return ("a list", "[]");
        yield return ("lists in lists", $"{{\"a\":{Repeat("[", 200_000)}");
        yield return ("maps in maps", Repeat("{\"a\":", 200_000));
        yield return ("maps in an entry", $"{{\"a\":{{\"dtype\":{Repeat("{\"a\":", 60)}1{Repeat("}", 60)}}}}}");
        yield return ("a name twice", Map(Entry("a", "[2]", "[0,8]"), Entry("a", "[2]", "[8,16]")));
        yield return ("a key twice", """{"a":{"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,8]}}""");
        yield return ("overlapping", Map(Entry("a", "[2]", "[0,8]"), Entry("b", "[2]", "[4,12]")));
        yield return ("the same place", Map(Entry("a", "[2]", "[0,8]"), Entry("b", "[2]", "[0,8]")));
        yield return ("a negative dimension", Map(Entry("a", "[-2,-1]", "[0,8]")));
        yield return ("a negative offset", Map(Entry("a", "[2]", "[-8,0]")));
        yield return ("offsets the wrong way round", Map(Entry("a", "[2]", "[8,0]")));
        yield return ("an end that overflows", Map(Entry("a", "[2]", "[9223372036854775800,9223372036854775808]")));
        yield return ("a shape that overflows 32 bits", Map(Entry("a", "[65536,65536]", "[0,0]")));
        yield return ("a shape that overflows 64 bits", Map(Entry("a", "[2147483647,2147483647,2147483647]", "[0,4]")));
        yield return ("a shape that overflows to the right size", Map(Entry("a", "[4611686018427387906]", "[0,8]")));
        yield return ("a shape of many dimensions", Map(Entry("a", $"[{Repeat("2147483647,", 2_000_000)}1]", "[0,8]")));
        yield return ("a shape of many ones", Map(Entry("a", $"[{Repeat("1,", 2_000_000)}2]", "[0,8]")));
        yield return ("a fraction", Map(Entry("a", "[2.5]", "[0,8]")));
        yield return ("a huge number", Map(Entry("a", $"[{Repeat("9", 1_000_000)}]", "[0,8]")));
        yield return ("a huge exponent", Map(Entry("a", "[1e999999999]", "[0,8]")));
        yield return ("a huge name", Map(Entry(Repeat("a", 5_000_000), "[-2]", "[0,8]")));
        yield return ("a huge type", Map($"\"a\":{{\"dtype\":\"{Repeat("F", 5_000_000)}\",\"shape\":[2],\"data_offsets\":[0,8]}}"));
        yield return ("a line feed in a name", Map(Entry("a\\nb", "[3]", "[0,8]")));
        yield return ("a line feed in a type", """{"a":{"dtype":"F\n32","shape":[2],"data_offsets":[0,8]}}""");
        yield return ("half of a surrogate pair", Map(Entry("\\ud800", "[2]", "[0,8]")));
        yield return ("texts that are none", """{"__metadata__":{"a":[1,{"b":2}]}}""");
        yield return ("metadata that are none", """{"__metadata__":[1]}""");
        yield return ("many entries", Map([.. Enumerable.Range(0, 50_000).Select(i => Entry($"{i}", "[0]", "[0,0]"))]));
        yield return ("as many entries as a header may have", Map([.. Enumerable.Range(0, 270_000).Select(i => Entry($"{i}", "[0]", "[0,0]"))]));
        yield return ("as many lists as a header may have", Map($"\"a\":[{Repeat("[],", 5_500_000)}[]]"));
    }

    private static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));

    private (string Name, Action Load) Case(string name, byte[] file)
    {
        string path = directory.File("damaged.safetensors");
        System.IO.File.WriteAllBytes(path, file);
        return (name, () =>
        {
            using CheckpointReader reader = CheckpointReader.Open(path);
            foreach (string tensor in reader.Names)
            {
                reader.Read(tensor, new float[reader.Shape(tensor).Aggregate(1, (product, dimension) => product * dimension)]);
            }
        });
    }
}
