using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.DataParallel;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Kernels.Gpu;
using SparseEngine.Kernels.Host;
using SparseEngine.Models;
using SparseEngine.Optimizers;
using SparseEngine.Tests.Models;
using SparseEngine.Training;

namespace SparseEngine.Tests.Distributed;

/// <summary>Single steps of several ranks, and the exchange of their gradients.</summary>
public class RankStepTests
{
    private const int BatchSize = 6;

    private static readonly OptimizerParameters Sgd = new()
    {
        Kind = OptimizerKind.Sgd, LearningRate = new LearningRateParameters([new ConstantScheduler(1, null)], false),
    };

    [Theory]
    [InlineData(2, LossScaling.NumTokens)]
    [InlineData(3, LossScaling.NumTokens)]
    [InlineData(3, LossScaling.BatchSize)]
    public void A_rank_with_few_labels_or_none_counts_for_what_it_has(int ranks, LossScaling scaling)
    {
        // All labels but one are the first rank's.
        Batch batch = TinyModel.RandomBatch(BatchSize);
        batch.Mask.AsSpan(BatchSize / ranks * TinyModel.Sequence).Clear();
        batch.Mask[^1] = 1;
        ModelParameters shape = TinyModel.Shape with
        {
            LossScaling = scaling, DropoutRate = 0.2, AttentionDropoutRate = 0.2, EmbeddingDropoutRate = 0.2,
        };

        AssertSame(
            Step(() => HostDevice.Create(1), 1, shape, batch)[0],
            Step(() => HostDevice.Create(1), ranks, shape, batch), 1e-5);
    }

    [Fact]
    public void Ranks_on_an_accelerator_make_the_step_of_one()
    {
        ModelParameters shape = TinyModel.Shape with { DropoutRate = 0.2, AttentionDropoutRate = 0.2, EmbeddingDropoutRate = 0.2 };
        Batch batch = TinyModel.RandomBatch(BatchSize);

        AssertSame(
            Step(() => IlgpuDevice.Create(AcceleratorKind.Cpu), 1, shape, batch)[0],
            Step(() => IlgpuDevice.Create(AcceleratorKind.Cpu), 2, shape, batch), 1e-5);
    }

    /// <summary>With buckets of so many numbers: some end within a parameter, and there are more than are under way at a time.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(50)]
    [InlineData(1 << 16)]
    public void Gradients_of_all_ranks_are_added_up_wherever_buckets_cut_them(int bucketLength)
    {
        (float[][] Sums, List<int> Started)[] found = ThreadRanks.Run(3, own =>
        {
            using HostDevice device = HostDevice.Create(1);
            using ParameterSet parameters = TinyModel.Parameters(device, TinyModel.Shape, TinyModel.HalfOfLinearWeights);
            using GradientExchange exchange = new(own, device, new CommunicationTimes(device), bucketLength);
            ImmutableArray<Parameter> all = [.. parameters];
            for (int round = 0; round < 2; round++)
            {
                // One weight's gradient is dense in the second round, as when masks are about to change.
                Parameter changing = all.First(parameter => parameter.Pattern is not null);
                if (round == 1)
                {
                    changing.CollectDenseGradient();
                }

                own.Started.Clear();
                foreach (Parameter parameter in all)
                {
                    Buffer(parameter).CopyFrom(Gradient(parameter, own.Rank));
                }

                exchange.Send(all[..2]);
                exchange.Send([]);
                exchange.Send(all[2..]);
                exchange.Finish();
                Assert.All(all, parameter => Assert.Equal(
                    Enumerable.Range(0, 3).Select(rank => Gradient(parameter, rank)).Aggregate((a, b) => [.. a.Zip(b, (x, y) => x + y)]),
                    Read(Buffer(parameter))));
                int numbers = all.Sum(parameter => Buffer(parameter).Length);
                Assert.Equal((numbers + bucketLength - 1) / bucketLength, own.Started.Count);
                Assert.Equal(numbers, own.Started.Sum());
            }

            return (all.Select(parameter => Read(Buffer(parameter))).ToArray(), own.Started);
        });

        Assert.All(found, rank => Assert.Equal(found[0].Sums, rank.Sums));

        static DeviceBuffer<float> Buffer(Parameter parameter) => parameter.DenseGradient ?? parameter.Gradient;

        static float[] Gradient(Parameter parameter, int rank) =>
            [.. Enumerable.Range(0, Buffer(parameter).Length).Select(i => ((rank + 1) * 0.1f) + i + parameter.Elements)];
    }

    [Fact]
    public void A_steady_step_allocates_next_to_nothing()
    {
        long[] allocated = ThreadRanks.Run(2, own =>
        {
            using HostDevice device = HostDevice.Create(1);
            using ParameterSet parameters = TinyModel.Parameters(device, TinyModel.Shape, TinyModel.HalfOfLinearWeights);
            Optimizer optimizer = Optimizer.Create(Sgd, device, parameters);
            using TrainingStep step = new(
                device, new GptModel(device, TinyModel.Shape, parameters), optimizer, BatchSize, TinyModel.Sequence, seed: 1, ranks: own);
            Batch share = ShareOf(TinyModel.RandomBatch(BatchSize), own.Rank, 2);
            own.Started.EnsureCapacity(1000);
            Run();
            Run();
            long before = GC.GetAllocatedBytesForCurrentThread();
            Run();
            return GC.GetAllocatedBytesForCurrentThread() - before;

            void Run()
            {
                (long counted, _) = step.Begin(share, CancellationToken.None);
                step.Run(share, step: 0, learningRate: 0.01, checkValues: true, counted);
                step.Read();
            }
        });

        Assert.All(allocated, bytes => Assert.InRange(bytes, 0, 1024));
    }

    [Fact]
    public void A_profile_tells_what_was_waited_for()
    {
        OperationKind?[] kinds = ThreadRanks.Run(2, own =>
        {
            using HostDevice device = HostDevice.Create(1);
            device.Profile = new Profile();
            using ParameterSet parameters = TinyModel.Parameters(device, TinyModel.Shape, TinyModel.HalfOfLinearWeights);
            using TrainingStep step = new(
                device, new GptModel(device, TinyModel.Shape, parameters), Optimizer.Create(Sgd, device, parameters), BatchSize,
                TinyModel.Sequence, seed: 1, ranks: own);
            step.ComputeGradients(ShareOf(TinyModel.RandomBatch(BatchSize), own.Rank, 2), step: 0);
            return device.Profile.Totals.SingleOrDefault(total => total.Name == "gradients, waited for")?.Kind;
        });

        Assert.Equal([OperationKind.Communication, OperationKind.Communication], kinds);
    }

    private static (StepOutcome Outcome, float[][] Weights)[] Step(Func<ComputeDevice> open, int ranks, ModelParameters shape, Batch batch) =>
        ThreadRanks.Run(ranks, own =>
        {
            using ComputeDevice device = open();
            using ParameterSet parameters = TinyModel.Parameters(device, shape, TinyModel.HalfOfLinearWeights);
            Optimizer optimizer = Optimizer.Create(Sgd, device, parameters);
            using TrainingStep step = new(
                device, new GptModel(device, shape, parameters), optimizer, BatchSize, TinyModel.Sequence, seed: 1, ranks: own);
            Batch share = ShareOf(batch, own.Rank, ranks);
            for (int done = 0; done < 2; done++)
            {
                step.Run(share, done, learningRate: 0.1, checkValues: true);
            }

            return (step.Read(), parameters.Select(parameter => Read(parameter.Values)).ToArray());
        });

    private static void AssertSame(
        (StepOutcome Outcome, float[][] Weights) expected, (StepOutcome Outcome, float[][] Weights)[] found, double tolerance)
    {
        foreach ((StepOutcome outcome, float[][] weights) in found)
        {
            Assert.Equal(expected.Outcome.Loss, outcome.Loss, tolerance);
            Assert.Equal(expected.Outcome.GradientNorm, outcome.GradientNorm, tolerance);
            Assert.Equal(found[0].Outcome, outcome);
            Assert.Equal(found[0].Weights, weights);
            Assert.All(
                expected.Weights.Zip(weights), pair => Assert.All(pair.First.Zip(pair.Second), w => Assert.Equal(w.First, w.Second, tolerance)));
        }
    }

    private static Batch ShareOf(Batch batch, int rank, int ranks)
    {
        Batch share = new(BatchSize / ranks, batch.SequenceLength);
        int first = rank * share.InputIds.Length;
        batch.InputIds.AsSpan(first, share.InputIds.Length).CopyTo(share.InputIds);
        batch.Mask.AsSpan(first, share.Mask.Length).CopyTo(share.Mask);
        batch.Labels.AsSpan(first, share.Labels.Length).CopyTo(share.Labels);
        return share;
    }

    private static float[] Read(DeviceBuffer<float> buffer)
    {
        float[] values = new float[buffer.Length];
        buffer.CopyTo(values);
        return values;
    }
}
