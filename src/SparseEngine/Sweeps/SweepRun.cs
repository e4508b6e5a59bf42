using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Runs;

namespace SparseEngine.Sweeps;

/// <summary>One run of a sweep.</summary>
public sealed class SweepRun
{
    internal SweepRun()
    {
    }

    /// <summary>Its name, and that of its folder: <c>sparsity=0.75,learning_rate=2e-3,seed=1</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The values of the sweep's keys as they were given, setting by setting.</summary>
    public required ImmutableArray<string> Values { get; init; }

    /// <summary>The seed of its initial weights, and of what has none of its own.</summary>
    public required int Seed { get; init; }

    /// <summary>What it does: it evaluates where the file has data for that.</summary>
    public required RunMode Mode { get; init; }

    /// <summary>Its whole configuration; the model directory and the command line's options are not in its text.</summary>
    public required RunParameters Parameters { get; init; }

    /// <summary>The model's parameters, zeros included.</summary>
    public required long ParameterCount { get; init; }

    /// <summary>Those that are kept, by the plan; where masks move, at the run's end.</summary>
    public required long ParametersKept { get; init; }

    /// <summary>What it is called among the combinations: its name without the seed.</summary>
    internal string Combination { get; init; } = "";
}
