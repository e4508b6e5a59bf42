using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Gpu;
using SparseEngine.Models;
using SparseEngine.Optimizers;
using SparseEngine.Runs;
using SparseEngine.Tests.Models;
using SparseEngine.Training;

namespace SparseEngine.Tests.Training;

/// <summary>Runs on a device that queues its work: here ILGPU's CPU accelerator, which takes the same path as a GPU.</summary>
public class AcceleratorRunTests
{
    private static readonly OptimizerParameters AdamW = new()
    {
        Kind = OptimizerKind.AdamW, LearningRate = new LearningRateParameters([new ConstantScheduler(0.003, null)], false),
        MaxGradientNorm = 1, GradAccumSteps = 2,
    };

    [Fact]
    public void Steps_neither_wait_for_the_device_nor_allocate_its_memory()
    {
        using IlgpuDevice device = IlgpuDevice.Create(AcceleratorKind.Cpu);
        ModelParameters shape = TinyModel.Shape with { DropoutRate = 0.1, AttentionDropoutRate = 0.1, EmbeddingDropoutRate = 0.1 };
        using ParameterSet parameters = TinyModel.Parameters(device, shape, TinyModel.HalfOfLinearWeights);
        Optimizer optimizer = Optimizer.Create(AdamW, device, parameters);
        using TrainingStep step = new(device, new GptModel(device, shape, parameters), optimizer, TinyModel.BatchSize, TinyModel.Sequence, seed: 1);
        Batch batch = TinyModel.RandomBatch();
        step.Run(batch, step: 0, learningRate: 1e-3, checkValues: true);
        (int allocations, int synchronizations) = (device.Allocations, device.Synchronizations);

        for (int i = 1; i < 5; i++)
        {
            step.Run(batch, i, learningRate: 1e-3, checkValues: true);
        }

        Assert.Equal((allocations, synchronizations), (device.Allocations, device.Synchronizations));
        step.Read();
        Assert.InRange(device.Synchronizations, synchronizations + 1, synchronizations + 3);
        Assert.Equal(allocations, device.Allocations);
    }

    [Fact]
    public void Figures_are_read_for_the_steps_that_are_logged_or_saved_and_are_those_of_the_host()
    {
        using TestRun host = new TestRun().With(config => config with { LogSteps = 3, CheckpointSteps = 4, MaxSteps = 5 });
        using TestRun accelerator = new() { Parameters = host.Parameters };
        accelerator.With(config => config with { ModelDirectory = accelerator.Folder });
        using IlgpuDevice device = IlgpuDevice.Create(AcceleratorKind.Cpu);

        host.Execute();
        RunSummary summary = accelerator.Execute(device);

        Assert.Equal([1, 2, 3, 4, 5], host.Steps.Select(step => step.Step));
        Assert.Equal([3, 4, 5], accelerator.Steps.Select(step => step.Step));
        Assert.All(accelerator.Steps, step => Assert.Equal(host.Steps[step.Step - 1].Loss, step.Loss, 1e-4 * step.Loss));
        Assert.Equal(accelerator.Steps[^1].Loss, summary.LastLoss);
        Assert.Equal(
            File.ReadLines(Path.Combine(host.Folder, "metrics.jsonl")).Count(),
            File.ReadLines(Path.Combine(accelerator.Folder, "metrics.jsonl")).Count());
    }

    [Fact]
    public void A_step_that_is_not_finite_ends_the_run_under_its_own_number_and_never_reaches_a_checkpoint()
    {
        // The first update throws the weights far out; the loss of the second step is NaN.
        using TestRun run = new TestRun().With(config => config with { LogSteps = 4, CheckpointSteps = 4 });
        run.Parameters = run.Parameters with
        {
            Optimizer = run.Parameters.Optimizer! with { LearningRate = new LearningRateParameters([new ConstantScheduler(1e30, null)], false) },
        };
        using IlgpuDevice device = IlgpuDevice.Create(AcceleratorKind.Cpu);

        TrainingException error = Assert.Throws<TrainingException>(() => run.Execute(device));

        Assert.Matches("^(NaN|inf) loss detected at step 2. ", error.Message);
        Assert.Empty(Directory.GetFiles(run.Folder, "*.mdl"));
        Assert.Empty(run.Steps);
    }

    [Fact]
    public void A_device_that_fails_leaves_the_last_checkpoint_from_which_the_run_goes_on()
    {
        using TestRun unbroken = new TestRun().With(config => config with { CheckpointSteps = 2, MaxSteps = 4 });
        unbroken.Execute();
        using TestRun broken = new() { Parameters = unbroken.Parameters, FailAfter = 3 };
        broken.With(config => config with { ModelDirectory = broken.Folder });

        DeviceException error = Assert.Throws<DeviceException>(() => broken.Execute());
        Assert.Equal([TestRun.FileOfStep(2)], Directory.GetFiles(broken.Folder, "*.mdl").Select(Path.GetFileName));
        broken.FailAfter = null;
        broken.Execute();

        Assert.Contains("fails", error.Message, StringComparison.Ordinal);
        Assert.Equal(unbroken.Steps[^1].Loss, broken.Steps[^1].Loss);
    }
}
