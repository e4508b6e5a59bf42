using System.Collections.Immutable;

namespace SparseEngine.Configuration;

/// <summary>What a YAML file says, and what in it is doubtful.</summary>
/// <param name="Parameters">The run.</param>
/// <param name="Warnings">Unknown keys, duplicate keys, and values taken differently than written.</param>
public sealed record ReadResult(RunParameters Parameters, ImmutableArray<Diagnostic> Warnings);
