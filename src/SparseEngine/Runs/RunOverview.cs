using SparseEngine.Sparsity;

namespace SparseEngine.Runs;

/// <summary>What is about to run.</summary>
/// <param name="Mode">Train or evaluate.</param>
/// <param name="Device">The device's description.</param>
/// <param name="StepsDone">Steps done before: 0 for a fresh run, else those of the checkpoint.</param>
/// <param name="LastStep">The step the run ends with.</param>
/// <param name="Parameters">The model's parameters, zeros included.</param>
/// <param name="NonZeros">Those that are not pruned.</param>
/// <param name="Plan">The sparse weights; empty for a dense run.</param>
/// <param name="ResumedFrom">The checkpoint loaded, if any.</param>
public sealed record RunOverview(
    RunMode Mode, string Device, int StepsDone, int LastStep, long Parameters, long NonZeros, SparsityPlan Plan, string? ResumedFrom);
