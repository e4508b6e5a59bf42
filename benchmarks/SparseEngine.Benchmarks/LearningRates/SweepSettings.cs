using System.Globalization;

namespace SparseEngine.Benchmarks.LearningRates;

/// <summary>What is tried, and how: <c>--hidden 128,256 --zeros 0,90 --rates -13,-9,-5 --steps 200</c>.</summary>
internal sealed record SweepSettings
{
    /// <summary>What models take over from the base model.</summary>
    public Parametrization[] Parametrizations { get; init; } = [Parametrization.Standard, Parametrization.SparseMup];

    /// <summary>Their widths.</summary>
    public int[] Hidden { get; init; } = [128, 256];

    /// <summary>Their zeros in percent.</summary>
    public int[] Zeros { get; init; } = [0, 50, 75, 90, 95];

    /// <summary>Their learning rates, as powers of 2.</summary>
    public int[] Exponents { get; init; } = [-13, -12, -11, -10, -9, -8, -7, -6, -5];

    /// <summary>Their seeds: of each model the mean counts.</summary>
    public int[] Seeds { get; init; } = [1];

    /// <summary>The width of the model that muP starts from.</summary>
    public int BaseHidden { get; init; } = 128;

    /// <summary>Decoder layers.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>Steps of a run.</summary>
    public int Steps { get; init; } = 400;

    /// <summary>Sequences in a step.</summary>
    public int Batch { get; init; } = 8;

    /// <summary>Tokens in a sequence.</summary>
    public int Sequence { get; init; } = 128;

    /// <summary>Batches of the validation at the end.</summary>
    public int EvaluationSteps { get; init; } = 50;

    /// <summary>The text: a file, a folder, or dotnet-docs.</summary>
    public string Data { get; init; } = "dotnet-docs";

    /// <summary>The file of results, which a sweep that was stopped goes on from.</summary>
    public string Results { get; init; } = "learning-rates.csv";

    /// <summary>The plot; null for none.</summary>
    public string? Plot { get; init; }

    /// <summary>Whether to tell only what there is to do.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>All trials; a dense model under sparse muP is one under muP, but has its own.</summary>
    public IEnumerable<Trial> Trials =>
        from seed in Seeds
        from hidden in Hidden
        from zeros in Zeros
        from parametrization in Parametrizations
        from exponent in Exponents
        select new Trial(parametrization, hidden, zeros, exponent, seed);

    /// <summary>Reads the command line.</summary>
    /// <exception cref="FormatException">An option is not known, or its value is not valid.</exception>
    public static SweepSettings Parse(ReadOnlySpan<string> options)
    {
        SweepSettings settings = new();
        while (options is [string name, .. ReadOnlySpan<string> rest])
        {
            bool isSwitch = name == "--dry_run";
            settings = isSwitch ? settings with { IsDryRun = true }
                : rest is [string value, ..] ? settings.With(name, value)
                : throw new FormatException($"{name} needs a value");
            options = isSwitch ? rest : rest[1..];
        }

        return settings;
    }

    private SweepSettings With(string name, string value) => name switch
    {
        "--parametrizations" => this with { Parametrizations = [.. value.Split(',').Select(Enum.Parse<Parametrization>)] },
        "--hidden" => this with { Hidden = Numbers(value) },
        "--zeros" => this with { Zeros = Numbers(value) },
        "--rates" => this with { Exponents = Numbers(value) },
        "--seeds" => this with { Seeds = Numbers(value) },
        "--base_hidden" => this with { BaseHidden = Number(value) },
        "--layers" => this with { Layers = Number(value) },
        "--steps" => this with { Steps = Number(value) },
        "--batch" => this with { Batch = Number(value) },
        "--sequence" => this with { Sequence = Number(value) },
        "--eval_steps" => this with { EvaluationSteps = Number(value) },
        "--data" => this with { Data = value },
        "--results" => this with { Results = value },
        "--plot" => this with { Plot = value },
        _ => throw new FormatException(
            $"{name} is not known; valid: --parametrizations, --hidden, --zeros, --rates, --seeds, --base_hidden, --layers, --steps, --batch, "
            + "--sequence, --eval_steps, --data, --results, --plot, --dry_run"),
    };

    private static int[] Numbers(string value) => [.. value.Split(',').Select(Number)];

    private static int Number(string value) => int.Parse(value, CultureInfo.InvariantCulture);
}
