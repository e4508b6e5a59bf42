using System.Text.Json;

namespace SparseEngine.Cli.Tests;

/// <summary>The choice of a device, and GPU kernels on ILGPU's CPU accelerator, which every machine has.</summary>
public class DeviceTests
{
    [Fact]
    public async Task A_run_on_the_cpu_accelerator_has_the_losses_of_the_host_and_its_checkpoint_goes_on_there()
    {
        using TinyRun host = new();
        using TinyRun accelerator = new();

        (await host.RunAsync("train", "--max_steps", "4")).EndsWith(0);
        ProgramResult result = (await RunOnAsync(accelerator, "GPU", "--device", "ilgpu-cpu", "--max_steps", "4")).EndsWith(0);

        Assert.Contains("training to step 4 on ILGPU CPU accelerator", result.Output, StringComparison.Ordinal);
        foreach ((int step, (double loss, double gradNorm)) in host.Losses())
        {
            Assert.Equal(loss, accelerator.Losses()[step].Loss, 1e-4 * loss);
            Assert.Equal(gradNorm, accelerator.Losses()[step].GradNorm, 1e-3 * gradNorm);
        }

        (await accelerator.RunAsync("train", "--max_steps", "6")).EndsWith(0);
        Assert.True(File.Exists(accelerator.Output("checkpoint_6.mdl")));
    }

    [Fact]
    public async Task A_checkpoint_generates_the_same_text_on_either_device()
    {
        using TinyRun run = new();
        (await run.RunAsync("train")).EndsWith(0);
        string[] generate = ["generate", "--checkpoint_path", "out/checkpoint_8.mdl", "--prompt", "First", "--max_tokens", "8", "--temperature", "0"];

        ProgramResult host = (await ProgramProcess.RunAsync(run.Location, generate)).EndsWith(0);
        ProgramResult accelerator = (await ProgramProcess.RunAsync(run.Location, [.. generate, "--device", "ilgpu-cpu"])).EndsWith(0);

        Assert.Equal(host.Output, accelerator.Output);
    }

    [Fact]
    public async Task Without_a_gpu_a_gpu_run_takes_the_host_and_says_so()
    {
        using TinyRun run = new();
        string automatic =
            (await ListAsync(run.Location)).Single(device => device.GetProperty("is_auto").GetBoolean()).GetProperty("device").GetString()!;

        ProgramResult result = (await RunOnAsync(run, "GPU", "--max_steps", "2")).EndsWith(0);

        const string Notice = "INFO: no CUDA or OpenCL GPU on this machine: the host computes";
        Assert.Equal(automatic == "host", result.Output.Contains(Notice, StringComparison.Ordinal));
        Assert.Equal(automatic == "host", result.Output.Contains("training to step 2 on host", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Devices_lists_the_host_and_the_cpu_accelerator_with_their_memory()
    {
        using TemporaryFolder folder = new();

        JsonElement[] devices = await ListAsync(folder.Location);
        ProgramResult table = (await ProgramProcess.RunAsync(folder.Location, "devices")).EndsWith(0);

        Assert.Equal("host", devices[0].GetProperty("device").GetString());
        Assert.Equal("ilgpu-cpu", devices[^1].GetProperty("device").GetString());
        Assert.All(devices, device => Assert.InRange(device.GetProperty("memory_bytes").GetInt64(), 1L << 28, 1L << 46));
        Assert.Single(devices, device => device.GetProperty("is_auto").GetBoolean());
        Assert.All(devices, device => Assert.Contains(device.GetProperty("description").GetString()!, table.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("CPU", "cuda", 2, "--device cuda goes with GPU; valid: run GPU --device cuda --params FILE --mode MODE")]
    [InlineData(
        "GPU", "wafer", 2, "--device is \"wafer\"; valid: auto, host, cuda, cuda:N, opencl, opencl:N, ilgpu-cpu. See: sparse-engine run --help")]
    [InlineData(
        "GPU", "host:1", 2, "--device is \"host:1\"; valid: auto, host, cuda, cuda:N, opencl, opencl:N, ilgpu-cpu. See: sparse-engine run --help")]
    [InlineData("GPU", "cuda:77", 1, "no CUDA device 77: ILGPU finds ")]
    [InlineData("GPU", "opencl:77", 1, "no OpenCL device 77: ILGPU finds ")]
    public async Task A_device_that_cannot_be_had_is_one_line(string target, string device, int exitCode, string message)
    {
        using TinyRun run = new();

        ProgramResult result = (await RunOnAsync(run, target, "--device", device)).EndsWith(exitCode);

        Assert.StartsWith(
            message, Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.False(File.Exists(run.Output("metrics.jsonl")));
    }

    [Theory]
    [InlineData("CPU", "tf32", 2, "--gpu_matmul goes with GPU; valid: run GPU --gpu_matmul float32|tf32 --params FILE --mode MODE")]
    [InlineData("GPU", "bfloat16", 2, "--gpu_matmul is \"bfloat16\"; valid: float32, tf32. See: sparse-engine run --help")]
    [InlineData(
        "GPU", "tf32", 1, "ILGPU CPU accelerator: TF32 products are cuBLAS's, and this machine has no cuBLAS 11, 12 or 13 for it; valid: float32")]
    public async Task A_precision_that_cannot_be_had_is_one_line(string target, string precision, int exitCode, string message)
    {
        using TinyRun run = new();
        string[] device = target == "GPU" ? ["--device", "ilgpu-cpu"] : [];

        ProgramResult result = (await RunOnAsync(run, target, [.. device, "--gpu_matmul", precision])).EndsWith(exitCode);

        Assert.Equal(message, Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)));
        Assert.False(File.Exists(run.Output("metrics.jsonl")));
    }

    [Fact]
    public async Task Too_little_device_memory_is_one_line_with_the_sizes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "memory is limited with ulimit -v");
        using TinyRun run = new();
        string parameters = await File.ReadAllTextAsync(Path.Combine(run.Location, "params.yaml"), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(run.Location, "params.yaml"),
            parameters
                .Replace("batch_size: 4", "batch_size: 512", StringComparison.Ordinal)
                .Replace("vocab_size: 256", "vocab_size: 60000", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);

        ProgramResult result =
            (await ProgramProcess.RunWithMemoryLimitAsync(run.Location, mebibytes: 5000, Arguments("GPU", "--device", "ilgpu-cpu"))).EndsWith(1);

        string line = Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.Matches(
            @"^ILGPU CPU accelerator: [\d,]+\.\d MiB more do not fit into its memory of [\d,]+\.\d MiB; a smaller batch_size needs less$", line);
    }

    private static Task<ProgramResult> RunOnAsync(TinyRun run, string target, params string[] options) =>
        ProgramProcess.RunAsync(run.Location, Arguments(target, options));

    private static string[] Arguments(string target, params string[] options) =>
        ["run", target, "--params", "params.yaml", "--mode", "train", "--model_dir", "out", "--threads", "1", .. options];

    private static async Task<JsonElement[]> ListAsync(string folder) =>
        [.. JsonDocument.Parse((await ProgramProcess.RunAsync(folder, "devices", "--json")).EndsWith(0).Output).RootElement.EnumerateArray()];
}
