using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;
using SparseEngine.Models;
using SparseEngine.Optimizers;
using SparseEngine.Sparsity;
using SparseEngine.Tests.Models;
using SparseEngine.Training;

namespace SparseEngine.Tests.Training;

public class TrainingStepTests
{
    private static readonly OptimizerParameters Sgd = new()
    {
        Kind = OptimizerKind.Sgd, LearningRate = new LearningRateParameters([new ConstantScheduler(1, null)], false),
    };

    [Theory]
    [InlineData(LossScaling.NumTokens)]
    [InlineData(LossScaling.BatchSize)]
    public void Micro_batches_give_the_whole_batchs_loss_and_gradient(LossScaling scaling)
    {
        ModelParameters shape = TinyModel.Shape with { LossScaling = scaling, LossWeight = 0.5 };
        Batch batch = TinyModel.RandomBatch(batchSize: 4);

        (StepOutcome whole, float[][] wholeWeights) = OneStep(shape, Sgd, batch, threads: 2);
        (StepOutcome parts, float[][] partsWeights) = OneStep(shape, Sgd with { GradAccumSteps = 4 }, batch, threads: 2);

        Assert.Equal(whole.Loss, parts.Loss, 1e-6);
        Assert.Equal(whole.GradientNorm, parts.GradientNorm, 1e-6);
        Assert.All(wholeWeights.Zip(partsWeights), pair => Assert.All(pair.First.Zip(pair.Second), w => Assert.Equal(w.First, w.Second, 1e-6f)));
    }

    [Theory]
    [InlineData(8, 1, int.MaxValue, 1)]
    [InlineData(8, 1, 4 * TinyModel.Sequence, 2)]
    [InlineData(8, 2, 4 * TinyModel.Sequence, 2)]
    [InlineData(8, 4, 4 * TinyModel.Sequence, 4)]
    [InlineData(8, 1, (4 * TinyModel.Sequence) - 1, 4)] // three do not divide eight: two at a time
    [InlineData(8, 1, 1, 8)] // a pass has whole sequences
    [InlineData(7, 1, 4 * TinyModel.Sequence, 1)] // one at a time would leave each pass a quarter of what suits the device
    [InlineData(6, 1, 4 * TinyModel.Sequence, 2)]
    public void A_batch_is_computed_in_equal_passes_that_suit_the_device_and_divide_what_the_YAML_asks_for(
        int batchSize, int asked, int passTokens, int microBatches)
    {
        Batch batch = TinyModel.RandomBatch(batchSize);
        OptimizerParameters settings = Sgd with { GradAccumSteps = asked };
        using HostDevice device = HostDevice.Create(1);
        using ParameterSet parameters = TinyModel.Parameters(device, TinyModel.Shape, TinyModel.HalfOfLinearWeights);
        Optimizer optimizer = Optimizer.Create(settings, device, parameters);
        GptModel model = new(device, TinyModel.Shape, parameters);
        using TrainingStep whole = new(device, model, optimizer, batchSize, TinyModel.Sequence, seed: 1, passTokens: int.MaxValue);
        using TrainingStep parts = new(device, model, optimizer, batchSize, TinyModel.Sequence, seed: 1, passTokens);

        Assert.Equal(microBatches, parts.MicroBatches);
        StepOutcome expected = whole.ComputeGradients(batch, step: 0);
        StepOutcome outcome = parts.ComputeGradients(batch, step: 0);
        Assert.Equal(expected.Loss, outcome.Loss, 1e-6);
        Assert.Equal(expected.GradientNorm, outcome.GradientNorm, 1e-6);
    }

    /// <summary>A model whose loops are long enough to be shared.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(32)]
    public void One_thread_and_more_give_the_same_bits(int threads)
    {
        ModelParameters shape = TinyModel.Shape with
        {
            HiddenSize = 128, FilterSize = 512, DropoutRate = 0.2, AttentionDropoutRate = 0.2, EmbeddingDropoutRate = 0.2,
        };
        Batch batch = TinyModel.RandomBatch(batchSize: 16);

        (StepOutcome one, float[][] oneWeights) = OneStep(shape, Sgd, batch, threads: 1);
        (StepOutcome many, float[][] manyWeights) = OneStep(shape, Sgd, batch, threads);

        Assert.Equal(one, many);
        Assert.Equal(oneWeights, manyWeights);
    }

    [Fact]
    public void The_norm_is_reported_before_clipping_and_the_update_is_clipped_to_the_maximum()
    {
        Batch batch = TinyModel.RandomBatch();
        (StepOutcome free, float[][] freeWeights) = OneStep(TinyModel.Shape, Sgd, batch, threads: 1);
        (StepOutcome clipped, float[][] clippedWeights) = OneStep(TinyModel.Shape, Sgd with { MaxGradientNorm = 0.25 }, batch, threads: 1);
        (_, float[][] start) = OneStep(TinyModel.Shape, Sgd, batch, threads: 1, learningRate: 0);

        Assert.True(free.GradientNorm > 0.25);
        Assert.Equal(free.GradientNorm, clipped.GradientNorm);
        Assert.Equal(free.GradientNorm, Distance(start, freeWeights), 1e-5);
        Assert.Equal(0.25, Distance(start, clippedWeights), 1e-5);
    }

    [Fact]
    public void Dropout_in_the_backward_pass_is_that_of_the_forward_pass()
    {
        ModelParameters shape = TinyModel.Shape with { DropoutRate = 0.3, AttentionDropoutRate = 0.3, EmbeddingDropoutRate = 0.3 };
        Batch batch = TinyModel.RandomBatch();
        using HostDevice device = HostDevice.Create(1);
        using ParameterSet parameters = TinyModel.Parameters(device, shape, TinyModel.HalfOfLinearWeights);
        Optimizer optimizer = Optimizer.Create(Sgd, device, parameters);
        using TrainingStep step = new(device, new GptModel(device, shape, parameters), optimizer, TinyModel.BatchSize, TinyModel.Sequence, seed: 1);

        foreach (Parameter parameter in parameters)
        {
            step.ComputeGradients(batch, step: 4);
            float[] gradient = Values(parameter.Gradient);
            float[] original = Values(parameter.Values);
            double norm = Math.Sqrt(gradient.Sum(value => (double)value * value));
            Random random = new(7);
            float[] direction = [.. gradient.Select(_ => random.Next(2) == 0 ? -1f : 1f)];
            double expected = gradient.Zip(direction).Sum(pair => (double)pair.First * pair.Second);

            const float Epsilon = 2e-3f;
            double above = LossAt(+Epsilon);
            double below = LossAt(-Epsilon);
            parameter.Values.CopyFrom(original);

            // float32 losses differ by rounding, about 1e-7 each; the third-order term is below that for these weights.
            Assert.Equal(expected, (above - below) / (2 * Epsilon), (0.02 * norm) + 1e-3);

            double LossAt(float along)
            {
                parameter.Values.CopyFrom([.. original.Zip(direction, (value, sign) => value + (along * sign))]);
                return step.ComputeGradients(batch, step: 4).Loss;
            }
        }
    }

    [Fact]
    public void A_step_allocates_next_to_nothing_however_many_passes_make_it()
    {
        Batch batch = TinyModel.RandomBatch(batchSize: 8);
        using HostDevice device = HostDevice.Create(1);
        using ParameterSet parameters = TinyModel.Parameters(device, TinyModel.Shape, TinyModel.HalfOfLinearWeights);
        Optimizer optimizer = Optimizer.Create(Sgd, device, parameters);
        using TrainingStep step = new(
            device, new GptModel(device, TinyModel.Shape, parameters), optimizer, batchSize: 8, TinyModel.Sequence, seed: 1, passTokens: 1);
        Run();
        Run();

        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024);

        void Run()
        {
            step.Run(batch, step: 0, learningRate: 0.01, checkValues: true);
            step.Read();
        }
    }

    [Theory]
    [InlineData(SparsityAlgorithm.Gmp)]
    [InlineData(SparsityAlgorithm.Set)]
    [InlineData(SparsityAlgorithm.RigL)]
    public void Steps_between_updates_of_masks_allocate_no_more(SparsityAlgorithm algorithm)
    {
        Batch batch = TinyModel.RandomBatch();
        using HostDevice device = HostDevice.Create(1);
        SparsityGroup group = new(null, 0.5, SparsityMethod.Random, 7, "")
        {
            Dynamic = new DynamicSparsity(algorithm, new ConstantValue(0.5), new PeriodicUpdates(4, 0), DynamicSparsity.DefaultDropFraction),
        };
        SparsityPlan plan = SparsityPlan.Create(
            new SparsityParameters { Selection = SparsitySelection.Default, Groups = [group] }, GptArchitecture.Parameters(TinyModel.Shape));
        PlannedMasks planned = new(device, plan);
        using ParameterSet parameters = ParameterSet.Build(
            device, GptArchitecture.Parameters(TinyModel.Shape), new TinyModel(), planned, trainable: true);
        MovingMasks masks = new(device, plan, parameters, planned.Lived);
        Optimizer optimizer = Optimizer.Create(Sgd, device, parameters);
        using TrainingStep step = new(
            device, new GptModel(device, TinyModel.Shape, parameters), optimizer, TinyModel.BatchSize, TinyModel.Sequence, seed: 1);
        for (int done = 0; done < 5; done++)
        {
            Run(done);
        }

        // The sixth step, after an update that was the fourth's.
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(5);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024);

        void Run(int done)
        {
            masks.Prepare(done + 1);
            step.Run(batch, done, learningRate: 0.01, checkValues: true);
            step.Read();
            if (masks.ChangeAfter(done + 1))
            {
                masks.Update(done + 1);
            }
        }
    }

    [Fact]
    public void Each_step_draws_its_own_dropout()
    {
        ModelParameters shape = TinyModel.Shape with { DropoutRate = 0.3 };
        Batch batch = TinyModel.RandomBatch();
        using HostDevice device = HostDevice.Create(1);
        using ParameterSet parameters = TinyModel.Parameters(device, shape, TinyModel.Nothing);
        Optimizer optimizer = Optimizer.Create(Sgd, device, parameters);
        using TrainingStep step = new(device, new GptModel(device, shape, parameters), optimizer, TinyModel.BatchSize, TinyModel.Sequence, seed: 1);

        Assert.NotEqual(step.ComputeGradients(batch, step: 0).Loss, step.ComputeGradients(batch, step: 1).Loss);
        Assert.Equal(step.ComputeGradients(batch, step: 0), step.ComputeGradients(batch, step: 0));
    }

    private static (StepOutcome Outcome, float[][] Weights) OneStep(
        ModelParameters shape, OptimizerParameters settings, Batch batch, int threads, double learningRate = 1)
    {
        using HostDevice device = HostDevice.Create(threads);
        using ParameterSet parameters = TinyModel.Parameters(device, shape, TinyModel.HalfOfLinearWeights);
        Optimizer optimizer = Optimizer.Create(settings, device, parameters);
        using TrainingStep step = new(device, new GptModel(device, shape, parameters), optimizer, batch.Size, TinyModel.Sequence, seed: 1);
        step.Run(batch, step: 0, learningRate, checkValues: true);
        return (step.Read(), [.. parameters.Select(parameter => Values(parameter.Values))]);
    }

    private static float[] Values(DeviceBuffer<float> buffer)
    {
        float[] values = new float[buffer.Length];
        buffer.CopyTo(values);
        return values;
    }

    private static double Distance(float[][] a, float[][] b) =>
        Math.Sqrt(a.Zip(b).Sum(pair => pair.First.Zip(pair.Second).Sum(w => Math.Pow(w.First - w.Second, 2))));
}
