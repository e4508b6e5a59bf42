using System.Text.Json;

namespace SparseEngine.Cli.Tests;

/// <summary>A run small enough for a test: a sparse GPT of two layers on a scene of Shakespeare.</summary>
internal sealed class TinyRun : IDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <summary>The section of a run whose masks move by the gradients at every other step.</summary>
    public const string MovingMasks = "{algorithm: rigl, sparsity: 0.75, update: {freq: 2}, drop_fraction: 0.3, seed: 11}";

    /// <summary>What it trains on, an input's map without its braces: a scene, in an order of its own.</summary>
    public static string TrainingInput { get; } = Input("True, shuffle_seed: 3");

    /// <summary>What it is evaluated on: the same in the text's order.</summary>
    public static string ValidationInput { get; } = Input("False");

    private const string StaticMasks = "{sparsity: 0.75, init_method: random, seed: 11}";

    public TinyRun(int checkpointSteps = 0, int logSteps = 2, string runConfig = "", string sparsity = StaticMasks)
    {
        folder.Write("params.yaml", $$"""
            train_input:
              { {{TrainingInput}} }
            eval_input: { {{ValidationInput}} }
            model:
              vocab_size: 256
              hidden_size: 32
              num_hidden_layers: 2
              num_heads: 2
              filter_size: 64
              max_position_embeddings: 32
              attention_type: scaled_dot_product
              dropout_rate: 0.1
              mixed_precision: False
            sparsity: {{sparsity}}
            optimizer: {optimizer_type: AdamW, learning_rate: 1e-2, correct_bias: True, max_gradient_norm: 1.0}
            runconfig: {max_steps: 8, log_steps: {{logSteps}}, eval_steps: 3, checkpoint_steps: {{checkpointSteps}}, seed: 5, {{runConfig}}}
            """);
    }

    /// <summary>Its folder, which is the program's working directory.</summary>
    public string Location => folder.Location;

    /// <summary>The whole path of a file in its model directory.</summary>
    public string Output(string name) => folder.File("out", name);

    /// <summary>Writes a file below its folder.</summary>
    public void WriteFile(string name, string text) => folder.Write(name, text);

    /// <summary>Runs it to its end.</summary>
    public Task<ProgramResult> RunAsync(string mode, params string[] options) =>
        ProgramProcess.RunAsync(Location, Arguments(mode, options));

    /// <summary>Starts it.</summary>
    public ProgramProcess Start(string mode, params string[] options) =>
        ProgramProcess.Start(Location, Arguments(mode, options));

    /// <summary>Runs it to its end with files limited to a number of bytes, as <c>ulimit -f</c> does.</summary>
    public Task<ProgramResult> RunWithFileLimitAsync(int bytes, string mode, params string[] options) =>
        ProgramProcess.RunWithFileLimitAsync(Location, bytes, Arguments(mode, options));

    /// <summary>The lines of metrics.jsonl.</summary>
    public IReadOnlyList<JsonElement> Metrics() =>
        [.. File.ReadLines(Output("metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)];

    /// <summary>The lines of updates of masks, word for word.</summary>
    public IReadOnlyList<string> MaskUpdates() =>
        [.. File.ReadLines(Output("metrics.jsonl")).Where(line => line.Contains("\"masks\"", StringComparison.Ordinal))];

    /// <summary>Loss and gradient norm of each training step; of a step that a killed run had to do again, the last ones.</summary>
    public IReadOnlyDictionary<int, (double Loss, double GradNorm)> Losses() => Metrics()
        .Where(line => line.TryGetProperty("loss", out _))
        .GroupBy(line => line.GetProperty("step").GetInt32())
        .ToDictionary(step => step.Key, step => (step.Last().GetProperty("loss").GetDouble(), step.Last().GetProperty("grad_norm").GetDouble()));

    public void Dispose() => folder.Dispose();

    private static string Input(string shuffle)
    {
        string text = Path.Combine(AppContext.BaseDirectory, "data", "coriolanus.txt");
        return $"data_processor: TextDataProcessor, data_dir: '{text}', max_sequence_length: 32, batch_size: 4, shuffle: {shuffle}";
    }

    private static string[] Arguments(string mode, string[] options) =>
    [
        "run", "CPU", "--params", "params.yaml", "--mode", mode,
        .. options.Contains("--model_dir") ? [] : (string[])["--model_dir", "out"], "--threads", "1", .. options,
    ];
}
