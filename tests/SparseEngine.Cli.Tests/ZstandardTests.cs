using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace SparseEngine.Cli.Tests;

/// <summary>What the program zstd writes.</summary>
public sealed class ZstandardTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("-1")]
    [InlineData("-19", "--no-check")]
    [InlineData("--ultra", "-22", "--long=31")]
    [InlineData("-5", "--long=31")]
    [InlineData("--adapt")]
    public async Task Prepare_makes_of_compressed_documents_what_it_makes_of_them_uncompressed(params string[] options)
    {
        byte[] lines = Encoding.UTF8.GetBytes(string.Concat(
            Enumerable.Range(0, 2000).Select(i => JsonSerializer.Serialize(new { text = $"Document {i}: é 😀 {new string('x', i)}" }) + "\n")));
        (string, byte[])[] files =
        [
            ("a.jsonl", lines), ("a.txt", "A text.\n"u8.ToArray()), ("a.md", [0xEF, 0xBB, 0xBF, .. "With a mark."u8]),
            ("a.ndjson", "{\"text\": \"one\"}"u8.ToArray()),
        ];
        foreach ((string name, byte[] content) in files)
        {
            Directory.CreateDirectory(folder.File("plain"));
            Directory.CreateDirectory(folder.File("packed"));
            File.WriteAllBytes(folder.File("plain", name), content);
            File.WriteAllBytes(folder.File("packed", $"{name}.zst"), Compress(content, options));
        }

        (await PrepareAsync("plain", "plain.out")).EndsWith(0);
        (await PrepareAsync("packed", "packed.out")).EndsWith(0);

        Assert.Equal(
            File.ReadAllBytes(folder.File("plain.out", "train", "examples_00000.h5")),
            File.ReadAllBytes(folder.File("packed.out", "train", "examples_00000.h5")));
    }

    [Fact]
    public async Task Frames_and_what_may_be_skipped_between_them_are_read_to_the_end()
    {
        byte[] skippable = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3];
        File.WriteAllBytes(folder.File("a.txt.zst"), [.. Compress("one "u8), .. skippable, .. Compress(""u8), .. Compress("two"u8), .. skippable]);

        ProgramResult result = (await PrepareAsync("a.txt.zst", "out")).EndsWith(0);

        Assert.Contains("train: 1 document, 8 tokens,", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_frame_that_ends_early_is_one_line_with_its_place_and_no_output()
    {
        byte[] whole = Compress(
            Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 1000).Select(i => $"{{\"text\": \"{i * 7919 % 1000}\"}}\n"))));
        foreach (int missing in new[] { 1, 4, 5, whole.Length / 2, whole.Length - 3, whole.Length - 5 })
        {
            File.WriteAllBytes(folder.File("a.jsonl.zst"), whole[..^missing]);
            ProgramResult result = (await PrepareAsync("a.jsonl.zst", "out")).EndsWith(1);
            Assert.Matches(@"\Aa\.jsonl\.zst:\d+: is damaged, or ends early: there is no end of the compressed data\r?\n\z", result.Errors);
            Assert.False(Path.Exists(folder.File("out")));
        }
    }

    [Fact]
    public async Task Damage_is_one_line_with_its_place()
    {
        byte[] damaged = Compress("A text that is compressed."u8);
        damaged[^1] ^= 1;
        File.WriteAllBytes(folder.File("a.txt.zst"), damaged);
        ProgramResult result = (await PrepareAsync("a.txt.zst", "out")).EndsWith(1);
        Assert.StartsWith(
            "a.txt.zst: is damaged, or ends early: ", Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal);

        folder.Write("b.txt.zst", "This is not compressed.");
        result = (await PrepareAsync("b.txt.zst", "out")).EndsWith(1);
        Assert.StartsWith(
            "b.txt.zst: is damaged, or ends early: ", Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal);
    }

    private Task<ProgramResult> PrepareAsync(string input, string output) => ProgramProcess.RunAsync(
        folder.Location, "prepare", "-i", input, "-o", output, "--tokenizer", "byte", "--max_sequence_length", "64", "--threads", "2");

    /// <summary>Compresses as a pipe does, without telling zstd how much will come.</summary>
    private static byte[] Compress(ReadOnlySpan<byte> content, params string[] options)
    {
        Process process;
        try
        {
            process = Process.Start(
                new ProcessStartInfo("zstd", ["-q", "-c", .. options]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("There is no program zstd; Debian's package is zstd.");
            throw;
        }

        using (process)
        {
            byte[] input = content.ToArray();
            Task write = Task.Run(() =>
            {
                using Stream stream = process.StandardInput.BaseStream;
                stream.Write(input);
            });
            using MemoryStream compressed = new();
            process.StandardOutput.BaseStream.CopyTo(compressed);
            write.Wait();
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
            return compressed.ToArray();
        }
    }
}
