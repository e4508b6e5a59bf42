using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using static System.FormattableString;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>A training run of the program itself, of some width at 75% zeros, that is ended after some seconds.</summary>
internal sealed class TimedRun : IDisposable
{
    private const int Sequence = 64;

    // Steps until caches are warm, code is compiled for good, and threads have found their cores.
    private const double WarmUpSeconds = 1.5;
    private const double MeasuredSeconds = 2.5;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("sparse-engine-busy");
    private readonly int tokens;

    /// <summary>Writes its YAML and a text of random letters.</summary>
    /// <param name="hidden">The model's width; a small one takes a sequence a step, the others eight.</param>
    public TimedRun(int hidden)
    {
        int batch = hidden < 100 ? 1 : 8;
        tokens = batch * Sequence;
        Random random = new(1);
        File.WriteAllText(
            Path.Combine(folder.FullName, "text.txt"), string.Create(1 << 20, random, (text, draws) => draws.GetItems("abcdefghij klmnop\n", text)));
        File.WriteAllText(Path.Combine(folder.FullName, "params.yaml"), Invariant($$"""
            train_input:
              {data_processor: TextDataProcessor, data_dir: text.txt, max_sequence_length: {{Sequence}}, batch_size: {{batch}}, shuffle: False}
            model:
              vocab_size: 256
              hidden_size: {{hidden}}
              num_hidden_layers: 4
              num_heads: {{Math.Max(2, hidden / 64)}}
              filter_size: {{4 * hidden}}
              max_position_embeddings: {{Sequence}}
              dropout_rate: 0.0
              mixed_precision: False
            sparsity: {sparsity: 0.75, init_method: random, seed: 1}
            optimizer: {optimizer_type: AdamW, learning_rate: 1e-4, max_gradient_norm: 1.0}
            runconfig: {max_steps: 10000000, log_steps: {{(hidden < 100 ? 20 : 1)}}, checkpoint_steps: 0, seed: 1}
            """));
    }

    /// <summary>Tokens a second, from the time that the run's metrics tell.</summary>
    /// <param name="program">A build's sparse-engine.</param>
    /// <param name="threads">Its threads.</param>
    public double TokensPerSecond(string program, int threads)
    {
        string output = Path.Combine(folder.FullName, "out");
        using Process process = Process.Start(new ProcessStartInfo(
            Path.GetFullPath(program),
            ["run", "CPU", "-p", "params.yaml", "-m", "train", "-o", output, "--threads", threads.ToString(CultureInfo.InvariantCulture)])
        {
            WorkingDirectory = folder.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Stopwatch watch = Stopwatch.StartNew();
        List<(int Step, double Seconds)> steps = [];
        while (steps.Count < 2 || steps[^1].Seconds < WarmUpSeconds + MeasuredSeconds)
        {
            if (process.HasExited || watch.Elapsed > Longest)
            {
                throw new InvalidOperationException($"{program} ended, or made too few steps in {Longest}");
            }

            Thread.Sleep(100);
            steps = Steps(Path.Combine(output, "metrics.jsonl"));
        }

        process.Kill();
        process.WaitForExit();
        Directory.Delete(output, recursive: true);
        (int Step, double Seconds) first = steps.FindLast(step => step.Seconds < WarmUpSeconds);
        first = first == default ? steps[0] : first;
        return (steps[^1].Step - first.Step) * tokens / (steps[^1].Seconds - first.Seconds);
    }

    /// <inheritdoc/>
    public void Dispose() => folder.Delete(recursive: true);

    private static List<(int Step, double Seconds)> Steps(string metrics)
    {
        if (!File.Exists(metrics))
        {
            return [];
        }

        // The last line may not be whole yet.
        using StreamReader reader = new(new FileStream(metrics, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        string[] lines = reader.ReadToEnd().Split('\n');
        return [.. lines[..^1].Select(line => JsonDocument.Parse(line).RootElement)
            .Select(line => (line.GetProperty("step").GetInt32(), line.GetProperty("seconds").GetDouble()))];
    }
}
