using System.Diagnostics;
using System.Text.Json;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Data.Preparation;

namespace SparseEngine.Tests.Data.Preparation;

/// <summary>The format's other implementation: HDF5's own library, through Debian's python3-h5py.</summary>
public sealed class H5pyTests : IDisposable
{
    private const string Python = "/usr/bin/python3";

    private readonly PreparationRun run = new();

    public void Dispose() => run.Dispose();

    [Theory]
    [InlineData(8)]
    [InlineData(2048)]
    public void What_prepare_writes_h5py_reads(int sequence)
    {
        string text = File.ReadAllText(TestData.PathOf("tiny-dense", "params.yaml"));
        string path = run.Write("a.txt", string.Concat(Enumerable.Repeat(text, (8000 / text.Length) + 1)));
        PreparedDataset dataset = PreparationRun.Prepare(run.Options(path) with { MaxSequenceLength = sequence });

        string output = RunPython(
            """
            import h5py, json, sys
            file = h5py.File(sys.argv[1], "r")
            data = file["data"]
            samples = data[:]
            tokens = [int(samples[0, 0, 0])] + [int(x) for x in samples[:, 2][samples[:, 1] == 1]]
            print(json.dumps([list(data.shape), str(data.dtype), str(data.compression), int(file.attrs["n_examples"]), tokens]))
            """,
            Path.Combine(run.Output, "train", "examples_00000.h5"));

        using JsonDocument read = JsonDocument.Parse(output);
        JsonElement[] values = [.. read.RootElement.EnumerateArray()];
        Assert.Equal([dataset.Train.Samples, 3, sequence], values[0].EnumerateArray().Select(value => value.GetInt64()));
        Assert.Equal(("int32", "gzip", dataset.Train.Samples), (values[1].GetString(), values[2].GetString(), values[3].GetInt64()));
        Assert.Equal(run.Tokens(dataset), values[4].EnumerateArray().Select(value => value.GetInt32()));
    }

    [Fact]
    public void What_h5py_writes_as_the_zoo_does_is_read()
    {
        string file = Path.Combine(run.Folder, "examples_0_0.h5");
        RunPython(
            """
            import h5py, numpy, sys
            samples = numpy.arange(50 * 3 * 16, dtype="i4").reshape(50, 3, 16)
            samples[:, 1] = 1
            with h5py.File(sys.argv[1], "w") as file:
                file.attrs["n_examples"] = len(samples)
                file.create_dataset("data", data=samples, dtype="i4", chunks=(1, 3, 16), compression="gzip")
            """,
            file);

        InputParameters input = new()
        {
            DataProcessor = DataProcessor.GptHdf5, DataDirectories = [run.Folder], BatchSize = 1, MaxSequenceLength = 16,
        };
        using ISampleSource source = SampleSource.Open(input, DataSplit.Training, 50 * 3 * 16, "params.yaml");
        int[] ids = new int[16];
        int[] mask = new int[16];
        int[] labels = new int[16];
        Assert.Equal(50, source.Count);
        for (int sample = 0; sample < source.Count; sample++)
        {
            source.Read(sample, ids, mask, labels);
            Assert.Equal(Enumerable.Range(sample * 48, 16), ids);
            Assert.Equal(Enumerable.Repeat(1, 16), mask);
            Assert.Equal(Enumerable.Range((sample * 48) + 32, 16), labels);
        }
    }

    private static string RunPython(string program, string argument)
    {
        Assert.SkipUnless(File.Exists(Python) && Start("import h5py", "").Code == 0, $"{Python} has no h5py; Debian's package is python3-h5py.");
        (int code, string output, string errors) = Start(program, argument);
        Assert.True(code == 0, errors);
        return output;
    }

    private static (int Code, string Output, string Errors) Start(string program, string argument)
    {
        using Process process =
            Process.Start(new ProcessStartInfo(Python, ["-c", program, argument]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}
