using SparseEngine.Configuration;
using SparseEngine.DataParallel;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;
using SparseEngine.Models;
using SparseEngine.Optimizers;
using SparseEngine.Runs;
using SparseEngine.Tests.Models;
using SparseEngine.Tests.Training;
using SparseEngine.Training;

namespace SparseEngine.Tests.Distributed;

/// <summary>What a user is told where ranks do not fit their batches, or one another.</summary>
public class RankDifferenceTests
{
    [Fact]
    public void Another_configuration_is_named_with_the_rank_and_its_host()
    {
        using TestRun run = new();
        RunParameters other = run.Parameters with { Optimizer = run.Parameters.Optimizer! with { WeightDecayRate = 0.2 } };

        string message = MessageOf(run, rank => rank == 1 ? other : run.Parameters);

        Assert.Equal("rank 1 on host host1: its configuration differs from that of rank 0", message);
    }

    [Fact]
    public void Other_data_are_named()
    {
        using TestRun run = new();
        RunParameters other = run.Parameters with
        {
            TrainInput = run.Parameters.TrainInput! with { DataDirectories = [TestRun.Data("tiny-rigl", "train")] },
        };

        string message = MessageOf(run, rank => rank == 1 ? other : run.Parameters);

        Assert.Equal("rank 1 on host host1: its training data differ from those of rank 0", message);
        Assert.Empty(Directory.EnumerateFiles(run.Folder, "*.jsonl"));
    }

    [Theory]
    [InlineData("weights", "its weights differ from those of rank 0")]
    [InlineData("optimizer state", "its optimizer state differs from that of rank 0")]
    [InlineData("masks", "its masks and weights differ from those of rank 0")]
    [InlineData("program version", "its program version differs from that of rank 0")]
    public void Each_kind_of_difference_is_named(string what, string told)
    {
        TrainingException error = Assert.Throws<TrainingException>(() => ThreadRanks.Run(4, own =>
        {
            bool differs = own.Rank == 2;
            using HostDevice device = HostDevice.Create(1);
            using ParameterSet parameters = TinyModel.Parameters(
                device, TinyModel.Shape, differs && what == "masks" ? TinyModel.Nothing : TinyModel.HalfOfLinearWeights);
            Optimizer optimizer = Optimizer.Create(
                new OptimizerParameters
                {
                    Kind = OptimizerKind.AdamW, LearningRate = new LearningRateParameters([new ConstantScheduler(1, null)], false),
                },
                device, parameters);
            if (differs && what != "masks")
            {
                DeviceBuffer<float> changed = what == "weights" ? parameters[^1].Values : parameters[0].States[1];
                changed.CopyFrom([0.125f], offset: changed.Length - 1);
            }

            RankFact version = differs && what == "program version" ? new RankFact(what, new byte[32]) : RunFacts.Version();
            bool isVersion = what == "program version";
            RankComparison.Require(own, () => isVersion
                ? [version]
                : what == "masks"
                    ? [version, RunFacts.Masks(parameters), RunFacts.Weights(parameters)]
                    : [version, RunFacts.Masks(parameters), RunFacts.Weights(parameters), RunFacts.OptimizerState(optimizer)]);
            return 0;
        }));

        Assert.Equal($"rank 2 on host host2: {told}", error.Message);
    }

    [Theory]
    [InlineData(
        4, 1, 3,
        "train_input.batch_size is 4: training requires the global batch size to be divisible by the number of ranks, 3; valid: 3 or 6")]
    [InlineData(
        2, 1, 4,
        "train_input.batch_size is 2: training requires the global batch size to be divisible by the number of ranks, 4; valid: 4 or 8")]
    [InlineData(
        4, 4, 2, "optimizer.grad_accum_steps is 4; valid with 2 ranks: a divisor of what each takes of train_input.batch_size, 4 / 2 = 2")]
    public void A_batch_that_ranks_do_not_divide_is_refused(int batchSize, int microBatches, int ranks, string told)
    {
        using TestRun run = new();
        run.Parameters = run.Parameters with
        {
            TrainInput = run.Parameters.TrainInput! with { BatchSize = batchSize },
            Optimizer = run.Parameters.Optimizer! with { GradAccumSteps = microBatches },
        };

        string[] messages = ThreadRanks.Run(ranks, own =>
        {
            using HostDevice device = HostDevice.Create(1);
            return Assert.Throws<ConfigurationException>(
                () => TrainingRun.Create(run.Parameters, RunMode.Train, device, ranks: own)).Message;
        });

        Assert.All(messages, message => Assert.Equal($"params.yaml: {told}", message));
    }

    private static string MessageOf(TestRun run, Func<int, RunParameters> parametersOf) =>
        Assert.Throws<TrainingException>(() => run.ExecuteOnRanks(2, parametersOf: parametersOf)).Message;
}
