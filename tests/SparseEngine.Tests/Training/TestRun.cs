using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;
using SparseEngine.Runs;
using SparseEngine.Tests.Distributed;
using SparseEngine.Training;

namespace SparseEngine.Tests.Training;

/// <summary>Runs of a small GPT on the reference data, in a folder of their own.</summary>
internal sealed class TestRun : IDisposable, IRunObserver, ILogger
{
    private readonly List<StepMetrics> steps = [];
    private readonly List<EvaluationMetrics> evaluations = [];
    private readonly List<string> checkpoints = [];
    private readonly List<TextSample> samples = [];
    private readonly List<MaskUpdateMetrics> maskUpdates = [];
    private readonly ConcurrentQueue<string> logged = [];
    private CancellationTokenSource? stop;

    public TestRun()
    {
        Folder = Directory.CreateTempSubdirectory("sparse-engine-").FullName;
        ModelParameters model = new()
        {
            VocabularySize = 256, HiddenSize = 32, Layers = 2, Heads = 4, FilterSize = 64, MaxPositionEmbeddings = 32,
            DropoutRate = 0.1, EmbeddingDropoutRate = 0.1, AttentionDropoutRate = 0.1,
        };
        InputParameters input = new()
        {
            DataProcessor = DataProcessor.GptHdf5, DataDirectories = [Data("tiny-dense", "train")], BatchSize = 4, MaxSequenceLength = 32,
            Shuffle = true, ShuffleSeed = 11,
        };
        Parameters = new RunParameters
        {
            File = "params.yaml",
            TrainInput = input,
            EvalInput = input with { Shuffle = false },
            Model = model,
            Sparsity = RandomSparsity(0.75),
            Optimizer = new OptimizerParameters
            {
                Kind = OptimizerKind.AdamW, LearningRate = new LearningRateParameters([new ConstantScheduler(0.003, null)], false),
                CorrectBias = true, WeightDecayRate = 0.1, MaxGradientNorm = 1,
            },
            RunConfig = new RunConfig { ModelDirectory = Folder, MaxSteps = 8, EvalSteps = 3 },
        };
    }

    public string Folder { get; }

    public RunParameters Parameters { get; set; }

    public IReadOnlyList<StepMetrics> Steps => steps;

    public IReadOnlyList<EvaluationMetrics> Evaluations => evaluations;

    public IReadOnlyList<MaskUpdateMetrics> MaskUpdates => maskUpdates;

    public IReadOnlyList<TextSample> Samples => samples;

    public IReadOnlyList<string> Checkpoints => checkpoints;

    public IEnumerable<string> Logged => logged;

    public RunOverview? Overview { get; private set; }

    /// <summary>What times the steps of a time budget.</summary>
    public TimeProvider Clock { get; set; } = TimeProvider.System;

    /// <summary>The step after which the run is asked to stop.</summary>
    public int? StopAfter { get; set; }

    /// <summary>The step after which the device is said to have failed.</summary>
    public int? FailAfter { get; set; }

    /// <summary>What happens after each evaluation.</summary>
    public Action? AfterEvaluation { get; set; }

    /// <summary>The name of a step's checkpoint.</summary>
    public static string FileOfStep(int step) => Path.GetFileName(CheckpointDirectory.PathFor("", step));

    public static string Data(params ReadOnlySpan<string> parts) => Path.Combine([AppContext.BaseDirectory, "data", .. parts]);

    public static SparsityParameters RandomSparsity(double level, long seed = 1234) =>
        new() { Selection = SparsitySelection.Default, Groups = [new SparsityGroup(null, level, SparsityMethod.Random, seed, "params.yaml:1:1")] };

    public TestRun With(Func<RunConfig, RunConfig> change)
    {
        Parameters = Parameters with { RunConfig = change(Parameters.RunConfig) };
        return this;
    }

    public RunSummary Execute(RunMode mode = RunMode.Train, int threads = 1)
    {
        using HostDevice device = HostDevice.Create(threads);
        return Execute(device, mode);
    }

    public RunSummary Execute(ComputeDevice device, RunMode mode = RunMode.Train)
    {
        stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        return TrainingRun.Create(Parameters, mode, device, this, this, ranks: null, Clock).Execute(stop.Token);
    }

    /// <summary>Executes the run on ranks that are threads. Of them the last is asked to stop, and the first tells.</summary>
    public RunSummary[] ExecuteOnRanks(int ranks, RunMode mode = RunMode.Train, int threads = 1, Func<int, RunParameters>? parametersOf = null)
    {
        stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        return ThreadRanks.Run(ranks, own =>
        {
            using HostDevice device = HostDevice.Create(threads);
            return TrainingRun.Create(parametersOf?.Invoke(own.Rank) ?? Parameters, mode, device, this, this, own, Clock)
                .Execute(own.Rank == ranks - 1 ? stop.Token : CancellationToken.None);
        });
    }

    /// <summary>Asks the run in progress to stop.</summary>
    public void Stop() => stop!.Cancel();

    /// <summary>A tensor of a checkpoint, in full.</summary>
    public static float[] Tensor(string checkpoint, string name)
    {
        using CheckpointReader reader = CheckpointReader.Open(checkpoint);
        float[] values = new float[reader.Shape(name).Aggregate(1, (product, dimension) => product * dimension)];
        reader.Read(name, values);
        return values;
    }

    public string CheckpointPath(int step) => CheckpointDirectory.PathFor(Folder, step);

    public void OnStarted(RunOverview overview)
    {
        Overview = overview;
        if (overview.StepsDone == StopAfter)
        {
            stop!.Cancel();
        }
    }

    public void OnStep(StepMetrics step)
    {
        steps.Add(step);
        if (step.Step == FailAfter)
        {
            throw new DeviceException("the device fails");
        }

        if (step.Step == StopAfter)
        {
            stop!.Cancel();
        }
    }

    public void OnMaskUpdate(MaskUpdateMetrics update) => maskUpdates.Add(update);

    public void OnEvaluationProgress(int batch, int batches)
    {
    }

    public void OnEvaluated(EvaluationMetrics evaluation)
    {
        evaluations.Add(evaluation);
        AfterEvaluation?.Invoke();
    }

    public void OnSample(TextSample sample) => samples.Add(sample);

    public void OnCheckpoint(string path, int step) => checkpoints.Add(path);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        logged.Enqueue($"{logLevel}: {formatter(state, exception)}");

    public void Dispose()
    {
        stop?.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
