using System.CommandLine;
using SparseEngine.Configuration;
using SparseEngine.Kernels;
using SparseEngine.Kernels.Devices;
using SparseEngine.Runs;

namespace SparseEngine.Cli.Commands;

/// <summary>The arguments and options of <c>run</c>: those of the Model Zoo's run.py, and the number of threads.</summary>
internal sealed class RunOptions
{
    /// <summary>The option by which a run ends with the program that started it.</summary>
    public const string StopWithInputName = "--stop_with_input";

    private const string WeightStreaming = "weight_streaming";

    /// <summary>Seconds: more than a disk or a network takes over what it cannot do at once.</summary>
    private const int DefaultRankTimeout = 60;

    private static readonly string[] Strategies = [WeightStreaming, "pipelined", "pipeline"];

    private readonly Argument<TargetDevice> device = new("device")
    {
        Description = "CPU: the host; GPU: the fastest device there is; CSX: a Cerebras run, trained here on the host, its speed on CS-2s predicted.",
        HelpName = "CPU|GPU|CSX",
        CustomParser = OptionValues.OneOf(("CPU", TargetDevice.Cpu), ("GPU", TargetDevice.Gpu), ("CSX", TargetDevice.Csx)),
    };

    private readonly Argument<string?> strategy = new("strategy")
    {
        Description = "How a CSX executes the run; sparsity needs weight_streaming, the default.",
        HelpName = "weight_streaming|pipelined",
        Arity = ArgumentArity.ZeroOrOne,
        CustomParser = OptionValues.OneOf(Strategies.Select(name => (name, name)).ToArray()),
    };

    private readonly Option<string> parameters = new("--params", "-p")
    {
        Description = "The YAML file of the run.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<RunMode> mode = new("--mode", "-m")
    {
        Description = "What to do.",
        HelpName = "train|eval|train_and_eval|eval_all",
        Required = true,
        CustomParser = OptionValues.OneOf(
            ("train", RunMode.Train), ("eval", RunMode.Eval), ("train_and_eval", RunMode.TrainAndEval), ("eval_all", RunMode.EvalAll)),
    };

    private readonly Option<string> modelDirectory = new("--model_dir", "-o")
    {
        Description = "Where checkpoints, metrics and logs go.",
        HelpName = "DIR",
    };

    private readonly Option<string> checkpointPath = new("--checkpoint_path")
    {
        Description = "The checkpoint to start from, .mdl or .safetensors.",
        HelpName = "FILE",
    };

    private readonly Option<bool> isPretrainedCheckpoint = new("--is_pretrained_checkpoint")
    {
        Description = "Take the weights of --checkpoint_path only: step 0, a fresh optimizer.",
        Arity = ArgumentArity.Zero,
    };

    private readonly Option<int?> maxSteps = Number("--max_steps", 1, "The last step, counted from the first of the first run.");
    private readonly Option<int?> numSteps = Number("--num_steps", 1, "Steps of this run.");
    private readonly Option<int?> numEpochs = Number("--num_epochs", 1, "Passes over the data of this run.");
    private readonly Option<TimeSpan?> timeBudget = new("--time_budget")
    {
        Description = "How long to train: first steps are timed, then as many as fit are trained, all schedules stretched over them.",
        HelpName = "TIME",
        CustomParser = OptionValues.Time,
    };

    private readonly Option<int?> budgetSteps = Number(
        "--budget_steps", 1, "The steps that --time_budget chose: the same run again, with all schedules stretched over them.");

    private readonly Option<int?> evalSteps = Number("--eval_steps", 1, "Batches of an evaluation.");

    private readonly Option<int?> earlyStop = Number(
        "--early_stop", 1, "With train_and_eval: end after so many evaluations without a lower validation loss.");

    private readonly Option<int?> numCsx = Number("--num_csx", 1, "CS-2s that a CSX run is predicted for.");

    private readonly Option<bool> validateOnly = new("--validate_only")
    {
        Description = "Print the sparsity plan, the model's size and its FLOPs, and stop; no data is read, nothing is written.",
        Arity = ArgumentArity.Zero,
    };

    private readonly Option<bool> compileOnly = new("--compile_only")
    {
        Description = "The same as --validate_only.",
        Arity = ArgumentArity.Zero,
    };

    private readonly Option<int?> threads = Number(
        "--threads", 1, "Threads of the host; all its cores, or a rank's part of them, if not given. Results do not depend on it.");

    private readonly Option<bool> oversubscribe = HostThreads.CreateOversubscribe();

    private readonly Option<DeviceChoice?> computeDevice = DeviceOption.Create(
        "With GPU: the device that computes; auto takes CUDA, else OpenCL, else the host.");

    private readonly Option<ProductMethod> products = ProductOptionsOfRuns.Method();
    private readonly Option<MatmulPrecision> matmul = ProductOptionsOfRuns.Matmul();

    private readonly Option<bool> profile = new("--profile")
    {
        Description = "Time each operation: a table at the end, and trace.json in the model directory for chrome://tracing or ui.perfetto.dev.",
        Arity = ArgumentArity.Zero,
    };

    private readonly Option<int?> rankTimeout = Number(
        "--rank_timeout", 1, "Under mpirun or srun: how long a process may be silent before the run ends, in seconds; 60 if not given.", "SECONDS");

    private readonly Option<bool> stopWithInput = new(StopWithInputName)
    {
        Description = "Stop as after Ctrl-C when standard input ends: for the programs that start this one.",
        Arity = ArgumentArity.Zero,
        Hidden = true,
    };

    private readonly ClusterOptions cluster = new();

    /// <summary>Adds all of them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(device);
        command.Add(strategy);
        Option[] options =
        [
            parameters, mode, modelDirectory, checkpointPath, isPretrainedCheckpoint, maxSteps, numSteps, numEpochs, timeBudget, budgetSteps,
            evalSteps, earlyStop, numCsx, validateOnly, compileOnly, threads, oversubscribe, computeDevice, products, matmul, profile,
            rankTimeout, stopWithInput,
        ];
        foreach (Option option in options)
        {
            command.Add(option);
        }

        cluster.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(validateOnly) is not null && result.GetResult(compileOnly) is not null)
            {
                result.AddError("--validate_only and --compile_only exclude each other.");
            }
        });
    }

    /// <summary>What a parsed command line asks for.</summary>
    /// <exception cref="ConfigurationException">A strategy is given for a device that has none.</exception>
    public RunRequest Read(ParseResult line, string? logging)
    {
        TargetDevice target = line.GetValue(device);
        if (target != TargetDevice.Csx && line.GetValue(strategy) is { } word)
        {
            throw new ConfigurationException(
                $"{word} goes with CSX only; valid: run {target.ToString().ToUpperInvariant()} --params FILE --mode MODE");
        }

        DeviceChoice? named = line.GetValue(computeDevice);
        if (target == TargetDevice.Cpu && named is { IsAccelerator: true })
        {
            throw new ConfigurationException($"--device {named} goes with GPU; valid: run GPU --device {named} --params FILE --mode MODE");
        }

        if (target != TargetDevice.Gpu && line.GetResult(matmul) is not null)
        {
            throw new ConfigurationException("--gpu_matmul goes with GPU; valid: run GPU --gpu_matmul float32|tf32 --params FILE --mode MODE");
        }

        return new RunRequest(
            target,
            named ?? new DeviceChoice(target == TargetDevice.Gpu ? DeviceKind.Auto : DeviceKind.Host),
            line.GetResult(computeDevice) is { } given && DeviceOption.HasNumber(given),
            line.GetValue(mode),
            line.GetRequiredValue(parameters),
            Overrides(line, logging),
            line.GetValue(validateOnly) || line.GetValue(compileOnly),
            line.GetValue(threads),
            line.GetValue(oversubscribe),
            new ProductOptions { Method = line.GetValue(products), Matmul = line.GetValue(matmul) },
            line.GetValue(profile),
            line.GetValue(strategy) is not (null or WeightStreaming),
            line.GetValue(stopWithInput),
            cluster.Given(line),
            TimeSpan.FromSeconds(line.GetValue(rankTimeout) ?? DefaultRankTimeout));
    }

    private static Option<int?> Number(string name, int minimum, string description, string helpName = "N") => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = OptionValues.WholeNumber(minimum),
    };

    private RunConfigOverrides Overrides(ParseResult line, string? logging) => new()
    {
        ModelDirectory = line.GetValue(modelDirectory),
        CheckpointPath = line.GetValue(checkpointPath),
        IsPretrainedCheckpoint = line.GetValue(isPretrainedCheckpoint) ? true : null,
        MaxSteps = line.GetValue(maxSteps),
        NumSteps = line.GetValue(numSteps),
        NumEpochs = line.GetValue(numEpochs),
        TimeBudget = line.GetValue(timeBudget),
        BudgetSteps = line.GetValue(budgetSteps),
        EvalSteps = line.GetValue(evalSteps),
        EarlyStop = line.GetValue(earlyStop),
        NumCsx = line.GetValue(numCsx),
        Logging = logging,
    };
}

/// <summary>A parsed command line of <c>run</c>.</summary>
/// <param name="Target">The device word.</param>
/// <param name="Device">The device that computes.</param>
/// <param name="HasDeviceNumber">Whether the device is named with its number, so that all ranks take the same.</param>
/// <param name="Mode">What to do.</param>
/// <param name="ParametersFile">The YAML file.</param>
/// <param name="Overrides">The options that win over its runconfig.</param>
/// <param name="DescribeOnly">Whether the run is only to be described.</param>
/// <param name="Threads">Host threads; null for all that this process may have.</param>
/// <param name="Oversubscribe">Whether these may be more than there are cores.</param>
/// <param name="Products">How products are computed.</param>
/// <param name="Profile">Whether operations are timed.</param>
/// <param name="Pipelined">Whether the run is meant for pipelined execution, all weights on the wafer.</param>
/// <param name="StopsWithInput">Whether the end of standard input asks for the run's.</param>
/// <param name="IgnoredOptions">Options given that have no effect here.</param>
/// <param name="RankTimeout">How long another process of the run may be silent.</param>
internal sealed record RunRequest(
    TargetDevice Target, DeviceChoice Device, bool HasDeviceNumber, RunMode Mode, string ParametersFile, RunConfigOverrides Overrides,
    bool DescribeOnly, int? Threads, bool Oversubscribe, ProductOptions Products, bool Profile, bool Pipelined,
    bool StopsWithInput, IReadOnlyList<string> IgnoredOptions, TimeSpan RankTimeout);
