using SparseEngine.Configuration;
using SparseEngine.Kernels.Host;
using SparseEngine.Runs;
using SparseEngine.Training;

namespace SparseEngine.Tests.Training;

/// <summary>Runs that no YAML file describes: what is refused, and what may be left out.</summary>
public class RunInCodeTests
{
    public static TheoryData<string, Func<RunParameters, RunParameters>> Mistakes => new()
    {
        { "model.hidden_size is 0; valid: a whole number of at least 1", run => run with { Model = run.Model with { HiddenSize = 0 } } },
        { "model.num_heads is 5; valid: a divisor of hidden_size, 32", run => run with { Model = run.Model with { Heads = 5 } } },
        { "model.num_heads is 0; valid: a whole number of at least 1", run => run with { Model = run.Model with { Heads = 0 } } },
        { "model.dropout_rate is 1; valid: a number in [0, 1)", run => run with { Model = run.Model with { DropoutRate = 1 } } },
        { "train_input.batch_size is -4; valid: a whole number of at least 1", run => run with
        {
            TrainInput = run.TrainInput! with { BatchSize = -4 },
        } },
        { "eval_input.batch_size is 0; valid: a whole number of at least 1", run => run with
        {
            FurtherEvalInputs = [run.EvalInput! with { BatchSize = 0 }],
        } },
        { "sparsity.sparsity is 75; valid: a number in [0, 1)", run => run with { Sparsity = SparsityParameters.OfLinearLayers(75) } },
        { "sparsity.mup_base_density is 0; valid: a number in (0, 1]", run => run with
        {
            Sparsity = new() { Selection = default, Groups = [new SparsityGroup(null, 0.5, default, 1, "") { MupBaseDensity = 0 }] },
        } },
        { "sparsity.block_rows is 0; valid: a whole number of at least 1", run => run with
        {
            Sparsity = new() { Selection = default, Groups = [new SparsityGroup(null, 0.5, default, 1, "") { BlockRows = 0 }] },
        } },
        { "sparsity.block_rows is 2; valid: 1 with an init_method other than random and topk", run => run with
        {
            Sparsity = new() { Selection = default, Groups = [new SparsityGroup(null, 0.5, SparsityMethod.FromZeros, 1, "") { BlockRows = 2 }] },
        } },
        { "optimizer.learning_rate has no scheduler; valid: one or more", run => run with
        {
            Optimizer = run.Optimizer! with { LearningRate = new([]) },
        } },
        { "optimizer.beta2 is NaN; valid: a number in [0, 1)", run => run with { Optimizer = run.Optimizer! with { Beta2 = double.NaN } } },
        { "optimizer.grad_accum_steps is 0; valid: a whole number of at least 1", run => run with
        {
            Optimizer = run.Optimizer! with { GradAccumSteps = 0 },
        } },
        { "runconfig.log_steps is 0; valid: a whole number of at least 1", run => run with { RunConfig = run.RunConfig with { LogSteps = 0 } } },
        { "model.loss_weight is 0; valid: a number above 0", run => run with { Model = run.Model with { LossWeight = 0 } } },
        { "model.num_hidden_layers is 10001; valid: a whole number of at most 10000", run => run with { Model = run.Model with { Layers = 10001 } } },
        { "model.initializer.std is -1; valid: a number of at least 0", run => run with
        {
            Model = run.Model with { Initializer = new(InitializerKind.Normal, 0, -1, 0, 0) },
        } },
        {
            "model.embedding_initializer.b leaves the interval from 1 to 1, which is empty; valid: a below b",
            run => run with { Model = run.Model with { EmbeddingInitializer = new(InitializerKind.Uniform, 0, 0, 1, 1) } }
        },
        { "runconfig.seed is -1; valid: a whole number of at least 0", run => run with { RunConfig = run.RunConfig with { Seed = -1 } } },
        { "runconfig.keep_checkpoint_max is 0; valid: a whole number of at least 1", run => run with
        {
            RunConfig = run.RunConfig with { KeepCheckpointMax = 0 },
        } },
        { "optimizer.grad_accum_steps is 3; valid: a divisor of train_input.batch_size, 4", run => run with
        {
            Optimizer = run.Optimizer! with { GradAccumSteps = 3 },
        } },
        { "optimizer.learning_rate[0].learning_rate is NaN; valid: a number of at least 0", run => WithSchedulers(
            run, new ConstantScheduler(double.NaN)) },
        { "optimizer.learning_rate[0].end_learning_rate is -1; valid: a number of at least 0", run => WithSchedulers(
            run, new PolynomialScheduler(1, -1, 5)) },
        { "optimizer.learning_rate[0].power is 0; valid: a number above 0", run => WithSchedulers(run, new PolynomialScheduler(1, 0, 5, Power: 0)) },
        {
            "optimizer.learning_rate[0].steps is missing; valid: an integer of at least 0",
            run => WithSchedulers(run, new ConstantScheduler(1), new ConstantScheduler(1))
        },
        { "optimizer.learning_rate[0].decay_steps is 0; valid: an integer of at least 1", run => WithSchedulers(
            run, new ExponentialScheduler(1, 0.5, 0, false, null)) },
        {
            "optimizer.learning_rate[0].warmup_steps is 0; valid: an integer of at least 1",
            run => WithSchedulers(run, new InverseSquareRootDecayScheduler(1, 1, 0, null))
        },
        {
            "optimizer.learning_rate[0].boundaries does not fit the values; valid: a list of ascending steps, one fewer than values",
            run => WithSchedulers(run, new PiecewiseConstantScheduler([1, 2], [], null))
        },
        {
            "eval_input.validation_share is 0.05; valid: train_input.validation_share, 0.1, since both read the same text",
            run => run with
            {
                TrainInput = run.TrainInput! with { DataProcessor = DataProcessor.Text, ValidationShare = 0.1 },
                EvalInput = run.EvalInput! with { DataProcessor = DataProcessor.Text, DataDirectories = run.TrainInput.DataDirectories },
            }
        },
    };

    [Theory]
    [MemberData(nameof(Mistakes), DisableDiscoveryEnumeration = true)]
    public void A_value_out_of_range_is_refused_by_the_name_of_its_key(string message, Func<RunParameters, RunParameters> mistake)
    {
        using TestRun run = new();
        run.Parameters = mistake(run.Parameters);
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => run.Execute(RunMode.TrainAndEval));
        Assert.Equal([message], error.Problems.Select(problem => problem.Text));
    }

    [Fact]
    public void Without_a_file_errors_name_the_parameters()
    {
        using HostDevice device = HostDevice.Create(threads: 1);
        RunParameters parameters = new()
        {
            Model = new() { VocabularySize = 8, HiddenSize = 8, Layers = 1, Heads = 1, FilterSize = 8 },
            RunConfig = new(),
        };
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => TrainingRun.Create(parameters, RunMode.Eval, device));
        Assert.Equal("RunParameters: eval_input is missing; evaluation needs it", error.Message);
    }

    [Fact]
    public void A_run_that_nobody_follows_is_the_same_run()
    {
        using TestRun followed = new();
        using TestRun alone = new();
        using HostDevice device = HostDevice.Create(threads: 1);
        RunSummary expected = followed.Execute(RunMode.TrainAndEval);
        RunSummary summary = TrainingRun.Create(alone.Parameters, RunMode.TrainAndEval, device).Execute(TestContext.Current.CancellationToken);

        Assert.NotNull(summary.Evaluation);
        Assert.Equal(
            (expected.LastLoss, expected.Evaluation! with { Seconds = null }), (summary.LastLoss, summary.Evaluation with { Seconds = null }));
    }

    private static RunParameters WithSchedulers(RunParameters run, params SchedulerParameters[] schedulers) =>
        run with { Optimizer = run.Optimizer! with { LearningRate = new([.. schedulers]) } };
}
