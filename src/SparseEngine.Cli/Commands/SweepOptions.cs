using System.CommandLine;
using System.Globalization;
using SparseEngine.Configuration;
using SparseEngine.Kernels;
using SparseEngine.Kernels.Devices;
using SparseEngine.Sweeps;

namespace SparseEngine.Cli.Commands;

/// <summary>The options of <c>sweep</c>.</summary>
internal sealed class SweepOptions
{
    private readonly Option<string> parameters = new("--params", "-p")
    {
        Description = "The YAML file that all runs have in common.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string[]> settings = new("--set")
    {
        Description = "A key of the file and the values to try, in YAML, as @FILE, or none for a run without the key; once for each key of a grid. "
            + "Keys that change together: KEY:KEY=VALUE:VALUE,VALUE:VALUE.",
        HelpName = "KEY=VALUE,VALUE",
    };

    private readonly Option<int?> seeds = Number("--seeds", "Seeds that each combination runs with: the file's and those after it.");
    private readonly Option<int?> maxSteps = Number("--max_steps", "The last step of every run.");
    private readonly Option<TimeSpan?> timeBudget = new("--time_budget")
    {
        Description = "How long each run trains: first steps are timed, then as many as fit are trained, all schedules stretched over them.",
        HelpName = "TIME",
        CustomParser = OptionValues.Time,
    };

    private readonly Option<int?> budgetSteps = Number("--budget_steps", "Steps that the schedules of every run are stretched over.");
    private readonly Option<int?> evalSteps = Number("--eval_steps", "Batches of an evaluation.");

    private readonly Option<string> output = new("--output", "-o")
    {
        Description = "The folder of the sweep: new, or that of the same sweep, which then goes on.",
        HelpName = "DIR",
        Required = true,
    };

    private readonly Option<int?> threads = Number("--threads", "Threads of the host; all its cores if not given. Results do not depend on it.");
    private readonly Option<DeviceChoice?> device = DeviceOption.Create("The device that computes; the host if not given.");
    private readonly Option<ProductMethod> products = ProductOptionsOfRuns.Method();
    private readonly Option<MatmulPrecision> matmul = ProductOptionsOfRuns.Matmul();

    private readonly Option<bool> retryFailed = new("--retry_failed")
    {
        Description = "Try runs again that failed.",
        Arity = ArgumentArity.Zero,
    };

    private readonly Option<bool> validateOnly = new("--validate_only")
    {
        Description = "Check every combination, list the runs, and stop; nothing is written.",
        Arity = ArgumentArity.Zero,
    };

    /// <summary>Adds all of them to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] options =
        [
            parameters, settings, seeds, maxSteps, timeBudget, budgetSteps, evalSteps, output, threads, device, products, matmul, retryFailed,
            validateOnly,
        ];
        foreach (Option option in options)
        {
            command.Add(option);
        }
    }

    /// <summary>What a parsed command line asks for.</summary>
    /// <exception cref="ConfigurationException">Options do not go together.</exception>
    public SweepCommandRequest Read(ParseResult line)
    {
        DeviceChoice choice = line.GetValue(device) ?? new DeviceChoice(DeviceKind.Host);
        bool isHost = choice.Kind == DeviceKind.Host;
        if (isHost && line.GetResult(matmul) is not null)
        {
            throw new ConfigurationException("--gpu_matmul goes with a GPU; valid: sweep --device auto --gpu_matmul float32|tf32 and so on");
        }

        return new SweepCommandRequest(
            new SweepRequest
            {
                ParametersFile = line.GetRequiredValue(parameters),
                Settings = [.. line.GetValue(settings) ?? []],
                Seeds = line.GetValue(seeds),
                Overrides = new RunConfigOverrides
                {
                    MaxSteps = line.GetValue(maxSteps),
                    TimeBudget = line.GetValue(timeBudget),
                    BudgetSteps = line.GetValue(budgetSteps),
                    EvalSteps = line.GetValue(evalSteps),
                },
                RunOptions = [.. RunOptionsOf(line, isHost ? null : choice)],
            },
            line.GetRequiredValue(output),
            choice,
            new ProductOptions { Method = line.GetValue(products), Matmul = line.GetValue(matmul) },
            line.GetValue(threads) ?? Environment.ProcessorCount,
            line.GetValue(retryFailed),
            line.GetValue(validateOnly));
    }

    /// <summary>The device word and the options that each run gets, beside its own YAML, which has its budget, mode and folder.</summary>
    private IEnumerable<string> RunOptionsOf(ParseResult line, DeviceChoice? accelerator) =>
    [
        accelerator is null ? "CPU" : "GPU",
        .. accelerator is { } choice ? Given("--device", choice) : [],
        .. Given("--max_steps", line.GetValue(maxSteps)),
        .. Given("--eval_steps", line.GetValue(evalSteps)),
        .. Given("--threads", line.GetValue(threads)),
        .. Given("--sparse_products", line.GetResult(products) is { Implicit: false } ? line.GetValue(products) : null),
        .. Given("--gpu_matmul", line.GetResult(matmul) is { Implicit: false } precision ? precision.Tokens[0].Value : null),
    ];

    private static IEnumerable<string> Given(string name, object? value) =>
        value is null ? [] : [name, string.Create(CultureInfo.InvariantCulture, $"{value}").ToLowerInvariant()];

    private static Option<int?> Number(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = OptionValues.WholeNumber(1),
    };
}

/// <summary>A parsed command line of <c>sweep</c>.</summary>
/// <param name="Sweep">The sweep.</param>
/// <param name="Directory">Its folder.</param>
/// <param name="Device">The device that computes.</param>
/// <param name="Products">How products are computed.</param>
/// <param name="Threads">Host threads.</param>
/// <param name="RetryFailed">Whether runs that failed are tried again.</param>
/// <param name="ValidateOnly">Whether the runs are only to be checked and listed.</param>
internal sealed record SweepCommandRequest(
    SweepRequest Sweep, string Directory, DeviceChoice Device, ProductOptions Products, int Threads, bool RetryFailed, bool ValidateOnly);
