using System.Text;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Data.Preparation;

namespace SparseEngine.Tests.Data.Preparation;

public sealed class PreparationFailureTests : IDisposable
{
    private readonly PreparationRun run = new();

    public void Dispose() => run.Dispose();

    [Theory]
    [InlineData("{\"text\": \"cut", "is not JSON: ")]
    [InlineData("[\"text\"]", "is not a JSON object; valid: {\"text\": \"...\"}")]
    [InlineData("{\"body\": \"b\", \"id\": 1}", "has no key \"text\"; it has: body, id. --jsonl_key names the text's")]
    [InlineData("{\"text\": 5}", "\"text\" is number; valid: a string")]
    [InlineData("{\"text\": null}", "\"text\" is null; valid: a string")]
    [InlineData("{\"text\": \"\\ud83d\"}", "\"text\" has an incomplete \\u escape of two")]
    public void A_bad_line_of_JSONL_is_one_line_with_file_and_line(string bad, string expected)
    {
        string path = run.Write("a.jsonl", $"{{\"text\": \"good\"}}\n\n{bad}\n{{\"text\": \"good\"}}\n");
        string error = Error(run.Options(path));
        Assert.StartsWith($"{path}:3: {expected}", error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);
        run.AssertNothingWritten();
    }

    [Fact]
    public void The_first_bad_line_is_named_for_any_number_of_threads()
    {
        string line = $"{{\"text\": \"{new string('x', 1 << 19)}\"}}\n";
        string path = run.Write("a.jsonl", line + line + "bad\n" + line + line + "worse\n" + line);
        Assert.All(
            [1, 2, 5],
            threads => Assert.StartsWith($"{path}:3: is not JSON", Error(run.Options(path) with { Threads = threads }), StringComparison.Ordinal));
    }

    [Fact]
    public void Gzip_that_ends_early_is_an_error_wherever_it_ends()
    {
        Random random = new(1);
        byte[] whole = PreparationRun.Gzip(string.Concat(Enumerable.Range(0, 40_000).Select(_ => (char)('a' + random.Next(26)))));
        foreach (int missing in new[] { 1, 4, 7, 8, 9, 20, 1000, whole.Length / 2, whole.Length - 5 })
        {
            string path = run.Write("a.txt.gz", whole[..^missing]);
            Assert.StartsWith($"{path}: is damaged, or ends early: ", Error(run.Options(path)), StringComparison.Ordinal);
            run.AssertNothingWritten();
        }

        PreparationRun.Prepare(run.Options(run.Write("a.txt.gz", whole)));
    }

    /// <summary>What is put behind a file to see its end would be read as the rest of data that ends early.</summary>
    [Fact]
    public void Gzip_that_ends_early_gives_nothing_that_was_not_in_it()
    {
        Random random = new(2);
        string text = string.Concat(Enumerable.Range(0, 3_000).Select(_ => (char)('a' + random.Next(26))));
        byte[] whole = PreparationRun.Gzip(text);
        byte[] mark = new byte[16];
        foreach (int missing in Enumerable.Range(9, 300))
        {
            random.NextBytes(mark);
            using MemoryStream read = new();
            using WholeGzipStream stream = new(new MemoryStream(whole[..^missing]), mark);
            Assert.Throws<InvalidDataException>(() => stream.CopyTo(read));
            Assert.StartsWith(Encoding.UTF8.GetString(read.ToArray()), text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Gzip_of_several_members_is_read_to_its_end()
    {
        string path = run.Write("a.txt.gz", [.. PreparationRun.Gzip("one "), .. PreparationRun.Gzip(""), .. PreparationRun.Gzip("two")]);
        PreparedDataset dataset = PreparationRun.Prepare(run.Options(path));
        Assert.Equal(["one two"], run.Documents(dataset, SparseEngine.Data.Tokenizers.Tokenizer.Open("byte")));
    }

    [Fact]
    public void Bytes_that_are_no_UTF_8_are_an_error()
    {
        string path = run.Write("a.txt", [.. "text "u8, 0xFF, .. " more"u8]);
        Assert.Equal($"{path}: is not UTF-8: it has the bytes FF at offset 5", Error(run.Options(path)));
        string lines = run.Write("b.jsonl", [.. "{\"text\": \"x\"}\n"u8, .. "{\"text\": \""u8, 0xC3, .. "\"}"u8]);
        Assert.Equal($"{lines}:2: is not UTF-8: it has the bytes C3 at offset 24", Error(run.Options(lines)));
        run.AssertNothingWritten();
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public void The_line_of_bytes_that_are_no_UTF_8_is_named_however_far_ahead_is_read(string lineEnd)
    {
        // Lines of all lengths, one of them longer than a buffer, so that line ends fall on either side of where it is filled again.
        byte[] before = Encoding.UTF8.GetBytes(
            string.Concat(Enumerable.Range(0, 1000).Select(i => $"{{\"text\": \"{new string('é', i == 500 ? 100_000 : i % 300)}\"}}{lineEnd}")));
        byte[] after = Encoding.UTF8.GetBytes($"{lineEnd}{{\"text\": \"x\"}}");
        byte[] content = [0xEF, 0xBB, 0xBF, .. before, .. "{\"text\": \""u8, 0xE2, 0x82, .. "\"}"u8, .. after];
        foreach (string path in new[] { run.Write("a.jsonl", content), run.Write("b.jsonl.gz", PreparationRun.Gzip(content)) })
        {
            Assert.Equal($"{path}:1001: is not UTF-8: it has the bytes E282 at offset {3 + before.Length + 10}", Error(run.Options(path)));
        }

        PreparedDataset good = PreparationRun.Prepare(run.Options(run.Write("a.jsonl", [0xEF, 0xBB, 0xBF, .. before, .. after])));
        Assert.Equal((997, 4), (good.Train.Documents, good.EmptyDocuments));
    }

    [Fact]
    public void A_byte_order_mark_is_no_text()
    {
        string path = run.Write("a.txt", [0xEF, 0xBB, 0xBF, .. "text"u8]);
        Assert.Equal(5, PreparationRun.Prepare(run.Options(path)).Train.Tokens);
    }

    [Fact]
    public void Input_that_is_not_there_or_not_enough_is_one_clear_line()
    {
        string absent = Path.Combine(run.Folder, "absent");
        Assert.Equal($"{absent}: does not exist", Error(run.Options(absent)));
        Assert.Equal($"{absent}*.txt: matches no file", Error(run.Options($"{absent}*.txt")));
        Directory.CreateDirectory(absent);
        Assert.Equal(
            $"{absent}: has no text; valid: files ending in .txt, .md, .jsonl, .ndjson, or one of these and .gz or .zst", Error(run.Options(absent)));
        string one = run.Write("one.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b\"}\n");
        Assert.Equal(
            $"{one}: the validation part has no sample: 0 documents of 0 tokens, with validation_fraction 0.1",
            Error(run.Options(one) with { ValidationFraction = 0.1 }));
        string empty = run.Write("empty.txt", "");
        Assert.Equal($"{empty}: the training part has no sample: 0 documents of 0 tokens, with validation_fraction 0", Error(run.Options(empty)));
        run.AssertNothingWritten();
    }

    [Fact]
    public void What_is_on_the_disk_stays_unless_it_is_a_data_set_that_may_go()
    {
        string path = run.Write("a.txt", "first");
        string notes = run.Write("out/notes.txt", "mine");
        Assert.Equal(
            $"{run.Output}: has other things in it than a prepared data set; valid: a new or empty folder",
            Usage(run.Options(path) with { Overwrite = true }));
        File.Delete(notes);

        PreparationRun.Prepare(run.Options(path));
        Assert.Equal($"{run.Output}: exists already; --force overwrites it", Usage(run.Options(path)));
        run.Write("a.txt", [0xFF]);
        Error(run.Options(path) with { Overwrite = true });
        Assert.True(File.Exists(Path.Combine(run.Output, "train", "examples_00000.h5")));
        run.Write("a.txt", "the second one");
        PreparedDataset second = PreparationRun.Prepare(run.Options(path) with { Overwrite = true });
        Assert.Equal(15, run.Tokens(second).Count);

        run.Write("out/notes.txt", "mine");
        Usage(run.Options(path) with { Overwrite = true });
        Assert.True(File.Exists(notes));
        Assert.Equal($"{path}: is a file; valid: a folder", Usage(run.Options(path) with { Output = path }));
    }

    [Fact]
    public void What_a_killed_run_left_does_not_get_into_the_next()
    {
        string path = run.Write("a.txt", "text");
        run.Write(".out.tmp/train/examples_00000.h5", "left");
        run.Write(".out.tmp/val/examples_00000.h5", "left");
        run.Write(".out.tmp/dataset.json", "left");
        PreparedDataset dataset = PreparationRun.Prepare(run.Options(path));
        Assert.Equal(5, run.Tokens(dataset).Count);
        Assert.Equal(
            ["dataset.json", "train"],
            Directory.EnumerateFileSystemEntries(run.Output).Select(entry => Path.GetFileName(entry)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_stopped_run_leaves_nothing()
    {
        string path = run.Write("a.txt", new string('x', 100));
        using CancellationTokenSource stop = new();
        Assert.Throws<OperationCanceledException>(() => DatasetPreparation.Run(run.Options(path), new Stopper(stop), stop.Token));
        run.AssertNothingWritten();
    }

    private static string Error(PreparationOptions options) => Assert.Throws<DataException>(() => PreparationRun.Prepare(options)).Message;

    private static string Usage(PreparationOptions options) => Assert.Throws<ConfigurationException>(() => PreparationRun.Prepare(options)).Message;

    private sealed class Stopper(CancellationTokenSource stop) : IProgress<PreparationProgress>
    {
        public void Report(PreparationProgress value)
        {
            Assert.Equal(value.TotalBytes, value.BytesRead);
            stop.Cancel();
        }
    }
}
