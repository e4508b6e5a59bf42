using System.Collections.Immutable;
using System.CommandLine;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using SparseEngine.Accounting;
using SparseEngine.Cli.Help;
using SparseEngine.Cli.Hosting;
using SparseEngine.Cli.Output;
using SparseEngine.Cli.Shells;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Distributed;
using SparseEngine.Kernels;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Kernels.Host;
using SparseEngine.Metrics;
using SparseEngine.Runs;
using SparseEngine.Sparsity;
using SparseEngine.Training;

namespace SparseEngine.Cli.Commands;

/// <summary><c>sparse-engine run</c>: trains or evaluates what a YAML file describes.</summary>
internal sealed class RunCommand : Command, IHasExamples
{
    private readonly RunOptions options = new();

    public RunCommand(Option<string?> logging)
        : base(
            CommandLineSyntax.Run,
            "Train or evaluate the model of a Model Zoo YAML. The other options of the Model Zoo's run.py are accepted and have no effect.")
    {
        options.AddTo(this);
        SetAction(line => Run(options.Read(line, line.GetValue(logging))));
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples { get; } =
    [
        new("Train, and evaluate at the end", "run CPU --params configs/quickstart.yaml --mode train_and_eval --model_dir out/quickstart"),
        new(
            "See which weights become sparse and what a step costs, without training",
            "run CPU --params configs/quickstart.yaml --mode train --validate_only"),
        new(
            "A line of the Model Zoo's run.py",
            "run CSX weight_streaming --params params_gpt2_small.yaml --mode train --num_csx 1 --mount_dirs /data --python_paths /modelzoo"),
    ];

    private int Run(RunRequest request)
    {
        if (!request.DescribeOnly)
        {
            return RankedRun.Execute(this, request.Overrides.Logging, request.RankTimeout, ranks => Run(request, ranks));
        }

        // What a run would be is the same for all who would run it.
        return RankedRun.IsOther ? ExitCode.Done : Run(request, Communicator.Alone);
    }

    private static (RunParameters Parameters, ImmutableArray<Diagnostic> Warnings) Read(RunRequest request)
    {
        (RunParameters parameters, ImmutableArray<Diagnostic> warnings) = RunParametersReader.ReadFile(request.ParametersFile, request.Overrides);
        if (request.Pipelined && parameters.Sparsity is not null)
        {
            throw new ConfigurationException(
                $"{request.ParametersFile}: weight sparsity needs weight streaming, and the run is pipelined; "
                + "valid: run CSX weight_streaming --params FILE --mode MODE");
        }

        return (parameters, warnings);
    }

    private int Run(RunRequest request, Communicator ranks)
    {
        (RunParameters parameters, ImmutableArray<Diagnostic> warnings) = RankedRun.Together(ranks, this, () => Read(request));
        Terminal terminal = new(isForwarded: RankedRun.IsOne);
        bool hasFile = !request.DescribeOnly && ranks.IsFirst;
        using RunLog log = new(terminal, hasFile ? parameters.RunConfig.ModelDirectory : null, parameters.RunConfig.Logging);
        using ILoggerFactory loggers = log.CreateLoggers();
        ILogger logger = loggers.CreateLogger("run");
        if (log.Shows(LogLevel.Information))
        {
            // Whoever typed it has it on the terminal; the file tells later with which options the YAML was run.
            log.WriteToFile(LogLevel.Information, CommandLineText());
        }

        if (ranks.IsFirst)
        {
            Announce(request, warnings, logger);
        }

        if (request.DescribeOnly)
        {
            Describe(request, parameters, terminal, logger);
            return ExitCode.Done;
        }

        try
        {
            return Execute(request, parameters, ranks, terminal, log, logger);
        }
        catch (Exception error)
        {
            // The whole of it stays in the log file; the terminal gets its one line when the program ends.
            log.WriteToFile(LogLevel.Error, error.ToString());
            KeepLog(log, error);
            throw;
        }
    }

    /// <summary>A run that failed leaves its log; one that was refused leaves nothing new.</summary>
    private static void KeepLog(RunLog log, Exception error)
    {
        if (error is ConfigurationException or JointFailure { ExitCode: ExitCode.Usage })
        {
            return;
        }

        try
        {
            log.OpenFile();
        }
        catch (IOException)
        {
            // The error itself is what to tell, and it may well be that the directory cannot be written to.
        }
    }

    private static string CommandLineText() =>
        string.Join(' ', [CommandLineSyntax.ProgramName, .. Environment.GetCommandLineArgs().Skip(1).Select(ShellWords.Quote)]);

    private static void Announce(RunRequest request, ImmutableArray<Diagnostic> warnings, ILogger logger)
    {
        foreach (Diagnostic warning in warnings)
        {
            logger.LogWarning("{Warning}", warning);
        }

        if (request.Target == TargetDevice.Csx)
        {
            logger.LogInformation("CSX: no Cerebras system is attached to this program; the host computes, and what CS-2s would do is predicted");
        }

        if (request.IgnoredOptions.Count > 0)
        {
            logger.LogInformation("without effect here: {Options}", string.Join(", ", request.IgnoredOptions));
        }
    }

    private static void Describe(RunRequest request, RunParameters parameters, Terminal terminal, ILogger logger)
    {
        RunDescription description = RunPlanner.Describe(parameters);
        SparsityLog.Report(logger, parameters.Sparsity, description.Plan);
        foreach (string line in description.Scaling)
        {
            logger.LogInformation("{Scaling}", line);
        }

        if (!description.Plan.Weights.IsEmpty)
        {
            terminal.Write(PlanTable.Of(description.Plan));
        }

        terminal.Write(SizeTable.Of(description));
        if (request.Target == TargetDevice.Csx && description.TokensPerStep > 0)
        {
            WaferPrediction prediction = Predict(parameters, description);
            terminal.Write(WaferTable.Of(prediction));
            terminal.Write(WaferTable.Summary(prediction, measuredTokensPerSecond: null, AverageOf(parameters, description)));
        }
    }

    private static WaferPrediction Predict(RunParameters parameters, RunDescription description) =>
        WaferPrediction.Of(parameters.Model, description.Plan, description.TokensPerStep, parameters.RunConfig.NumCsx);

    private static double? AverageOf(RunParameters parameters, RunDescription description) =>
        description is { FromBeginning.IsDynamic: true, Steps: { } steps }
            ? WaferPrediction.AverageSeconds(
                parameters.Model, description.FromBeginning, steps, description.TokensPerStep, parameters.RunConfig.NumCsx)
            : null;

    private int Execute(
        RunRequest request, RunParameters parameters, Communicator ranks, Terminal terminal, RunLog log, ILogger logger)
    {
        using StopSignals stop = new();
        if (request.StopsWithInput)
        {
            stop.StopAtEndOfInput();
        }

        int share = CpuShare.Threads(ranks);
        int threads = HostThreads.Limited(request.Threads ?? share, request.Oversubscribe, warning => logger.LogWarning("{Warning}", warning));
        IReadOnlyList<RankPlace> sharers = RankDevice.Sharers(ranks);
        using ComputeDevice device = RankedRun.Together(
            ranks, this, () => RankDevice.Of(request, sharers, ranks.Place).Open(threads, request.Products));
        if (!ranks.IsAlone)
        {
            logger.LogInformation("{Ranks}; this one's host threads: {Threads}", ranks.Description, threads);
        }

        if (request.Device.Kind == DeviceKind.Auto && device is HostDevice)
        {
            logger.LogInformation("no CUDA or OpenCL GPU on this machine: the host computes (sparse-engine devices lists what there is)");
        }

        RunDisplay display = RunDisplay.Create(terminal, log, parameters.RunConfig.LogSteps);
        Stopwatch watch = Stopwatch.StartNew();
        device.Profile = request.Profile ? new Profile() : null;
        TrainingRun run = RankedRun.Together(
            ranks, this, () => TrainingRun.Create(parameters, request.Mode, device, logger, display, ranks));
        RunSummary summary = display.Show(() => run.Execute(stop.Token));
        display.OnEnded(summary);
        terminal.Write(SummaryTable.Of(summary, watch.Elapsed));
        if (request.Target == TargetDevice.Csx && summary.TrainSeconds > 0)
        {
            RunDescription description = RunPlanner.Describe(parameters);
            WaferPrediction prediction = Predict(parameters, description);
            terminal.Write(WaferTable.Summary(prediction, summary.TokensTrained / summary.TrainSeconds, AverageOf(parameters, description)));
        }

        if (device.Profile is { } profile)
        {
            terminal.Write(ProfileTable.Of(profile, summary.TrainSeconds));
            if (ranks.IsFirst)
            {
                string trace = Path.Combine(parameters.RunConfig.ModelDirectory, ChromeTrace.FileName);
                ChromeTrace.Write(profile, trace);
                logger.LogInformation("the calls are in {Trace}: open it in ui.perfetto.dev or chrome://tracing", trace);
            }
        }

        return stop.ExitCode;
    }
}
