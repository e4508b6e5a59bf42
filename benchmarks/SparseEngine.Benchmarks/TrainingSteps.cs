using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Running;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Kernels.Devices;
using SparseEngine.Metrics;
using SparseEngine.Models;
using SparseEngine.Sparsity;
using SparseEngine.Training;

namespace SparseEngine.Benchmarks;

/// <summary>A whole training step: hidden 512, 4 layers, 8 heads, filter 2048, vocabulary 256, batch 8 x 256 tokens.</summary>
public class TrainingSteps
{
    private const int BatchSize = 8;
    private const int Sequence = 256;

    private static readonly ModelParameters Model = new()
    {
        VocabularySize = 256,
        HiddenSize = 512,
        Layers = 4,
        Heads = 8,
        FilterSize = 2048,
        MaxPositionEmbeddings = Sequence,
    };

    private ComputeDevice device = null!;
    private ParameterSet parameters = null!;
    private Optimizer optimizer = null!;
    private TrainingStep step = null!;
    private Batch batch = null!;
    private int done;

    /// <summary>The share of zeros in the decoder's weights, in percent; 0 is a run without a sparsity section.</summary>
    [Params(0, 75, 90)]
    public int Zeros { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        device = HostDevice.Create(Environment.ProcessorCount);
        Dictionary<int, WeightSparsity> planned = Plan(Zeros).Weights.ToDictionary(weight => weight.Index);
        parameters = ParameterSet.Build(
            device, GptArchitecture.Parameters(Model), new InitialWeights(Model, seed: 1),
            (index, _, dense) => planned.TryGetValue(index, out WeightSparsity? weight) ? MaskSelector.Select(weight, dense).Keep : null, trainable: true);
        optimizer = Optimizer.Create(
            new OptimizerParameters { Kind = OptimizerKind.AdamW, LearningRate = new LearningRateParameters([new ConstantScheduler(1e-4, null)], false), MaxGradientNorm = 1 },
            device, parameters);
        step = new TrainingStep(device, new GptModel(device, Model, parameters), optimizer, BatchSize, Sequence, seed: 1);
        batch = new Batch(BatchSize, Sequence);
        Random random = new(1);
        for (int i = 0; i < batch.InputIds.Length; i++)
        {
            batch.InputIds[i] = random.Next(256);
            batch.Labels[i] = random.Next(256);
            batch.Mask[i] = 1;
        }
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        step.Dispose();
        optimizer.Dispose();
        parameters.Dispose();
        device.Dispose();
    }

    [Benchmark(Description = "training step")]
    public double Step()
    {
        step.Run(batch, done++, learningRate: 1e-4, checkValues: true);
        return step.Read().Loss;
    }

    internal static double Flops(BenchmarkCase benchmark) =>
        FlopCount.OfTrainingStep(Model, Plan((int)benchmark.Parameters[nameof(Zeros)]), BatchSize, Sequence).Executed;

    private static SparsityPlan Plan(int zeros) => zeros == 0 ? SparsityPlan.Dense : SparsityPlan.Create(
        new SparsityParameters { Selection = SparsitySelection.Default, Groups = [new SparsityGroup(null, zeros / 100.0, SparsityMethod.Random, 1234, "")] },
        GptArchitecture.Parameters(Model));
}
