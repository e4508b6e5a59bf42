namespace SparseEngine.Tests.Dataflow.Simulation;

/// <summary>What a simulated product gave.</summary>
/// <param name="Output">The result, row-major.</param>
/// <param name="Cycles">Cycles from the first weight to the last output.</param>
/// <param name="Multiplications">Multiplications that the cores executed.</param>
/// <param name="BusiestCore">Cycles in which the busiest core's datapath worked.</param>
internal sealed record SimulatedProduct(ReadOnlyMemory<float> Output, long Cycles, long Multiplications, long BusiestCore);
