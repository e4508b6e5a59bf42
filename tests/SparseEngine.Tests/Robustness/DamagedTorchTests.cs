using SparseEngine.Checkpoints;
using static SparseEngine.Tests.Shared.TorchBytes;

namespace SparseEngine.Tests.Robustness;

/// <summary>Damaged and hostile files of torch.save: every one ends in tensors or one line, and runs nothing.</summary>
[Collection(Trial.Alone)]
public sealed class DamagedTorchTests : IDisposable
{
    private const int Cases = 150;

    // The bytes that a pickle may have.
    private const int Most = 16 << 20;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void A_damaged_archive_ends_in_tensors_or_one_line() => Trial.All<CheckpointException>(Damaged(Zip(Checkpoint(), Storages())));

    [Fact]
    public void A_damaged_file_of_the_older_format_ends_in_tensors_or_one_line() => Trial.All<CheckpointException>(
        Damaged(Legacy(
            Pickle(Dictionary(("a", Tensor("0", 4, 5)), ("b", Tensor("1", 3)))), ("0", 20, Floats(new float[20])), ("1", 3, Floats(1, 2, 3)))));

    [Fact]
    public void A_damaged_pickle_in_a_whole_archive_ends_in_tensors_or_one_line()
    {
        byte[] pickle = Checkpoint();
        Trial.All<CheckpointException>(Enumerable.Range(0, Cases).Select(seed => Case($"seed {seed}", Zip(Damage.Of(pickle, seed), Storages()))));
    }

    [Fact]
    public void A_hostile_pickle_ends_in_tensors_or_one_line() => Trial.All<CheckpointException>(
        Pickles().Select(pickle => Case(pickle.Name, Zip(pickle.Bytes, Storages()))));

    private static byte[] Checkpoint() => Pickle(Dictionary(
        ("model", Dictionary(("a", Tensor("0", 4, 5)), ("b", Tensor(Storage("FloatStorage", "0", 20), 0, [5, 4], [1, 5])), ("c", Tensor("1", 3)))),
        ("model_args", Dictionary(("n_layer", Integer(2)), ("name", Text("a name")), ("rates", List(Number(0.1), Number(0.2)))))));

    private static (string, byte[])[] Storages() => [("0", Floats(new float[20])), ("1", Floats(1, 2, 3))];

    // One at a time, since some are large.
    private static IEnumerable<(string Name, byte[] Bytes)> Pickles()
    {
        yield return ("lists", Pickle(Times(']', Most - 16)));
        yield return ("lists in lists", Pickle([.. Times(']', 2_000_000), .. Times('a', 1_999_999)]));
        yield return ("dictionaries", Pickle(Times('}', Most - 16)));
        yield return ("marks", Pickle(Times('(', Most - 16)));
        yield return ("tuples in tuples", Pickle([(byte)')', .. Times((char)0x85, Most - 16)]));
        yield return ("what is remembered", Pickle([(byte)'N', .. Times((char)0x94, Most - 16)]));
        yield return ("numbers to remember at", Many([(byte)'r', 0, 0, 0, 0], 3_000_000, [(byte)'N']));
        yield return ("lists that hold one another twice", Many(Doubled, 60));
        yield return ("dictionaries that hold one another twice", Bomb());
        yield return ("a text of all there is", Pickle(Text(new string('a', Most - 16))));
        yield return ("a text that is longer than the file", Pickle([(byte)'X', 0xFF, 0xFF, 0xFF, 0x7F]));
        yield return ("bytes that are longer than anything", Pickle([0x8E, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]));
        yield return ("a long integer", Pickle([0x8B, 0, 0, 0xF0, 0, .. new byte[Most - 32]]));
        yield return ("a global without end", Pickle([(byte)'c', .. Times('a', Most - 16)]));
        yield return ("a name without end", Pickle(Dictionary((new string('n', 1_000_000), Tensor("1", 3)))));
        yield return ("many tensors of one storage", Many(
            [.. Text("w"), .. Tensor(Storage("FloatStorage", "1", 3), 0, [3], [1]), (byte)'s'], 70_000, [(byte)'}']));
        yield return ("many calls", Many([.. Global("collections", "OrderedDict"), (byte)')', (byte)'R'], 500_000));
        yield return ("a line feed in a name", Pickle(Dictionary(("a\nb", Tensor("7", 3)))));
        yield return ("a tensor of many dimensions", Pickle(Dictionary(("w", Tensor("1", [.. Enumerable.Repeat(1, 1000)])))));
    }

    // A list with the one before it twice: two to the 60 in all.
    private static byte[] Doubled => [(byte)'q', 0, (byte)']', (byte)'(', (byte)'h', 0, (byte)'h', 0, (byte)'e'];

    private static byte[] Bomb()
    {
        byte[] level = [(byte)'q', 0, (byte)'}', (byte)'(', .. Text("a"), (byte)'h', 0, .. Text("b"), (byte)'h', 0, (byte)'u'];
        return Many(level, 25, Tensor("1", 3));
    }

    private static byte[] Times(char opcode, int times)
    {
        byte[] bytes = new byte[times];
        Array.Fill(bytes, (byte)opcode);
        return bytes;
    }

    private static byte[] Many(byte[] value, int times, byte[]? first = null)
    {
        byte[] start = first ?? [(byte)']'];
        byte[] bytes = new byte[start.Length + ((long)value.Length * times)];
        start.CopyTo(bytes, 0);
        for (int i = 0; i < times; i++)
        {
            value.CopyTo(bytes, start.Length + (i * value.Length));
        }

        return Pickle(bytes);
    }

    private IEnumerable<(string Name, Action Load)> Damaged(byte[] whole) =>
        Enumerable.Range(0, Cases).Select(seed => Case($"seed {seed}", Damage.Of(whole, seed)));

    private (string Name, Action Load) Case(string name, byte[] file)
    {
        string path = directory.File("damaged.pt");
        File.WriteAllBytes(path, file);
        return (name, () =>
        {
            using CheckpointReader reader = CheckpointReader.Open(path);
            foreach (string tensor in reader.Names)
            {
                reader.Read(tensor, new float[reader.Elements(tensor)]);
            }
        });
    }
}
