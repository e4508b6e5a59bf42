using System.Diagnostics;
using System.Text;

namespace SparseEngine.Cli.Tests;

/// <summary>What people have in their folders besides text, and text that is not quite.</summary>
public sealed class OddInputTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_is_left_out_of_folders_is_counted_in_one_line_by_its_endings()
    {
        Directory.CreateDirectory(folder.File("texts", "pictures"));
        string[] names =
        [
            "a.txt", "b.PNG", "pictures/c.png", "d.tar.gz", "README", ".hidden", "e. A name with a full stop", "f.csv", "g.jsonl.zst.part",
        ];
        foreach (string name in names)
        {
            folder.Write($"texts/{name}", "content");
        }

        ProgramResult result = (await PrepareAsync("texts", "texts/f.csv")).EndsWith(0);
        Assert.Contains(
            $"{Environment.NewLine}  left out: 7 files (.png 2, no ending 2, .hidden 1, .part 1, .tar.gz 1){Environment.NewLine}", result.Output,
            StringComparison.Ordinal);
        Assert.Contains("\".png\": 2", File.ReadAllText(folder.File("out", "dataset.json")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_without_text_says_what_it_has()
    {
        Directory.CreateDirectory(folder.File("texts"));
        folder.Write("texts/a.parquet", "PAR1");
        Assert.Equal(
            "texts: has no text; valid: files ending in .txt, .md, .jsonl, .ndjson, or one of these and .gz or .zst; "
            + $"it has: .parquet{Environment.NewLine}",
            (await PrepareAsync("texts")).EndsWith(1).Errors);
    }

    [Fact]
    public async Task Bytes_that_are_no_UTF_8_are_one_line_with_the_place_of_the_first()
    {
        // Farther on than any buffer, after characters of every length.
        byte[] text = [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("aé€😀", 200_001))), 0xF0, 0x9F, 0x98, (byte)'x'];
        File.WriteAllBytes(folder.File("a.txt"), text);
        Assert.Equal(
            $"a.txt: is not UTF-8: it has the bytes F09F98 at offset {text.Length - 4}{Environment.NewLine}",
            (await PrepareAsync("a.txt")).EndsWith(1).Errors);

        File.WriteAllBytes(folder.File("b.txt"), [.. "cut"u8, 0xC3]);
        Assert.Equal($"b.txt: is not UTF-8: it has the bytes C3 at offset 3{Environment.NewLine}", (await PrepareAsync("b.txt")).EndsWith(1).Errors);

        File.WriteAllText(folder.File("c.txt"), "As a text editor of Windows may save it", Encoding.Unicode);
        Assert.Equal(
            $"c.txt: is not UTF-8 but UTF-16, by its first bytes; save it as UTF-8{Environment.NewLine}",
            (await PrepareAsync("c.txt")).EndsWith(1).Errors);

        File.WriteAllBytes(folder.File("d.jsonl"), [.. "{\"text\": \"x\"}\r\n{\"text\": \""u8, 0x80, .. "\"}"u8]);
        Assert.Equal(
            $"d.jsonl:2: is not UTF-8: it has the bytes 80 at offset 25{Environment.NewLine}", (await PrepareAsync("d.jsonl")).EndsWith(1).Errors);
    }

    [Fact]
    public async Task Files_with_byte_order_marks_and_line_ends_of_Windows_are_text_like_any_other()
    {
        File.WriteAllBytes(folder.File("a.jsonl"), [0xEF, 0xBB, 0xBF, .. "{\"text\": \"x\"}\r\n\r\n{\"text\": \"y\"}\r\n"u8]);
        File.WriteAllBytes(folder.File("b.txt"), [0xEF, 0xBB, 0xBF, .. "one\r\n\0two"u8]);
        File.WriteAllBytes(folder.File("c.txt"), [0xEF, 0xBB, 0xBF]);
        ProgramResult result = (await PrepareAsync("a.jsonl", "b.txt", "c.txt")).EndsWith(0);
        Assert.Contains("vocabulary; 1 empty document left out", result.Output, StringComparison.Ordinal);
        Assert.Contains("train: 3 documents, 14 tokens, 2 samples in 1 file", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_data_dir_leaves_byte_order_marks_and_empty_files_out()
    {
        Directory.CreateDirectory(folder.File("texts"));
        File.WriteAllBytes(folder.File("texts", "a.txt"), [0xEF, 0xBB, 0xBF, .. "12"u8]);
        File.WriteAllBytes(folder.File("texts", "b.txt"), [0xEF, 0xBB, 0xBF]);
        folder.Write("texts/c.txt", "");
        Assert.Equal(
            $"texts: the training part has 3 bytes; one sample of max_sequence_length 8 needs 9{Environment.NewLine}",
            (await RunAsync("TextDataProcessor, data_dir: texts, validation_share: 0.01")).EndsWith(1).Errors);
    }

    [Fact]
    public async Task Pipes_are_read_where_once_is_enough_and_where_they_are_named()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such pipes.");
        Directory.CreateDirectory(folder.File("texts"));
        folder.Write("texts/a.txt", "A text.");
        Pipe("texts/b.txt");
        Pipe("c.txt");
        Pipe("d.txt");

        // Nobody writes to the one in the folder: a read would never end.
        using ProgramProcess program = ProgramProcess.Start(folder.Location, Arguments("texts", "c.txt"));
        await File.WriteAllTextAsync(folder.File("c.txt"), "Another.", TestContext.Current.CancellationToken);
        ProgramResult result = (await program.EndAsync()).EndsWith(0);
        Assert.Contains("1 empty document left out", result.Output, StringComparison.Ordinal);
        Assert.Contains("train: 2 documents, 17 tokens,", result.Output, StringComparison.Ordinal);

        using ProgramProcess twice = ProgramProcess.Start(folder.Location, [.. Arguments("d.txt"), "--validation_fraction", "0.5", "--force"]);
        using (FileStream writer = new(folder.File("d.txt"), FileMode.Open, FileAccess.Write))
        {
            result = (await twice.EndAsync()).EndsWith(1);
        }

        Assert.StartsWith("d.txt: is a pipe, which can be read once; ", result.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/dev/zero", "/dev/zero: is a device; valid: a file, or a pipe")]
    [InlineData("-", "-: does not exist; standard input is /dev/stdin")]
    [InlineData("texts", "texts/b\uFFFD.txt: its name is not UTF-8, and so it cannot be opened; rename it")]
    [InlineData("texts/*", "texts/b\uFFFD.txt: its name is not UTF-8, and so it cannot be opened; rename it")]
    [InlineData("folders", "folders: has a folder whose name is not UTF-8, and so it cannot be opened; rename it")]
    public async Task What_cannot_be_input_is_one_line(string input, string expected)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems have no such names.");
        Shell("mkdir -p texts folders; printf x > \"$(printf 'texts/b\\377.txt')\"; mkdir \"$(printf 'folders/\\376')\"");
        try
        {
            Assert.Equal($"{expected}{Environment.NewLine}", (await PrepareAsync(input)).EndsWith(1).Errors);
        }
        finally
        {
            Shell("rm -r texts folders");
        }
    }

    [Fact]
    public async Task A_device_without_end_is_no_text_of_a_run()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems have no such device.");
        Assert.Equal(
            $"/dev/zero: is a device; valid: a file, or a pipe{Environment.NewLine}",
            (await RunAsync("TextDataProcessor, data_dir: /dev/zero")).EndsWith(1).Errors);
    }

    [Fact]
    public async Task An_empty_HDF5_file_and_a_pipe_are_one_line()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such pipes.");
        Directory.CreateDirectory(folder.File("samples"));
        Pipe("samples/a.h5");
        string pipe = (await RunAsync("GptHDF5DataProcessor, data_dir: samples")).EndsWith(1).Errors;
        Assert.Equal($"{folder.File("samples", "a.h5")}: cannot be read as HDF5: it has no bytes{Environment.NewLine}", pipe);
    }

    [Fact]
    public async Task A_section_with_too_few_samples_is_named_and_a_partial_validation_batch_is_told_of_once()
    {
        folder.Write("short.txt", "Ten or so.");
        folder.Write("a.txt", new string('a', 41));
        folder.Write("b.txt", new string('b', 41));
        Assert.Equal(
            $"eval_input: the data has 1 sample of 8 tokens, fewer than batch_size 3{Environment.NewLine}",
            (await RunAsync(
                "TextDataProcessor, data_dir: a.txt, validation_share: 0.01",
                "TextDataProcessor, data_dir: short.txt, validation_share: 0.999")).EndsWith(1).Errors);

        ProgramResult result = (await RunAsync(
            "TextDataProcessor, data_dir: a.txt, validation_share: 0.01", "TextDataProcessor, data_dir: b.txt, validation_share: 0.999")).EndsWith(0);
        Assert.Single(
            result.Output.Split('\n'),
            line => line.Contains("eval_input: 1 of 4 samples left out of each evaluation: a batch has 3", StringComparison.Ordinal));
    }

    private static string[] Arguments(params string[] inputs) =>
        ["prepare", "-o", "out", "--tokenizer", "byte", "--max_sequence_length", "8", "--threads", "1", "-i", .. inputs];

    private Task<ProgramResult> PrepareAsync(params string[] inputs) => ProgramProcess.RunAsync(folder.Location, Arguments(inputs));

    private Task<ProgramResult> RunAsync(string training, string? validation = null)
    {
        folder.Write("params.yaml", $$"""
            train_input: {data_processor: {{training}}, max_sequence_length: 8, batch_size: 3, shuffle: False}
            {{(validation is null ? "" : $"eval_input: {{data_processor: {validation}, max_sequence_length: 8, batch_size: 3, shuffle: False}}")}}
            model: {vocab_size: 256, hidden_size: 16, num_hidden_layers: 1, num_heads: 1, filter_size: 16, max_position_embeddings: 8,
              mixed_precision: False}
            optimizer: {optimizer_type: AdamW, learning_rate: 1e-2, correct_bias: True}
            runconfig: {max_steps: 4, eval_frequency: 2, seed: 5}
            """);
        return ProgramProcess.RunAsync(
            folder.Location, "run", "CPU", "-p", "params.yaml", "-m", validation is null ? "train" : "train_and_eval", "-o", "model",
            "--threads", "1");
    }

    private void Pipe(string name) => Shell($"mkfifo {name}");

    private void Shell(string script)
    {
        using Process shell = Process.Start(new ProcessStartInfo("sh", ["-c", script]) { WorkingDirectory = folder.Location })!;
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
    }
}
