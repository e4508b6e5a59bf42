using System.Collections.Immutable;
using SparseEngine.Configuration;

namespace SparseEngine.Sweeps;

/// <summary>A sweep as somebody asks for it.</summary>
public sealed class SweepRequest
{
    /// <summary>The YAML file that all runs have in common.</summary>
    public required string ParametersFile { get; init; }

    /// <summary>
    /// The keys and their values, each <c>sparsity.sparsity=0,0.5,none,@section.yaml</c>: a key's path as the file has it, and values in YAML,
    /// a file that holds one, or <c>none</c>, which removes the key. Keys that change together stand side by side, and so do their values:
    /// <c>model.hidden_size:model.filter_size=64:256,128:512</c>; one value alone is that of all of them.
    /// </summary>
    public ImmutableArray<string> Settings { get; init; } = [];

    /// <summary>How many seeds each combination runs with, the file's and those after it; null for the file's alone.</summary>
    public int? Seeds { get; init; }

    /// <summary>The command line's options of every run; those of a budget go into the runs' own files.</summary>
    public RunConfigOverrides Overrides { get; init; } = new();

    /// <summary>
    /// Every run's options in words, these but for a budget, and others such as the device: a sweep goes on with the same ones only.
    /// </summary>
    public ImmutableArray<string> RunOptions { get; init; } = [];
}
