using SparseEngine.Accounting;
using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Sparsity;
using SparseEngine.Tests.Training;

namespace SparseEngine.Tests.Accounting;

/// <summary>What runs whose masks move cost.</summary>
public sealed class MovingMasksTests
{
    [Theory]
    [InlineData(SparsityAlgorithm.Gmp, 0)]
    [InlineData(SparsityAlgorithm.Set, 0)]
    [InlineData(SparsityAlgorithm.RigL, 0)]
    [InlineData(SparsityAlgorithm.RigL, 5)]
    public void A_run_is_the_sum_of_its_steps(SparsityAlgorithm algorithm, int start)
    {
        using TestRun run = new();
        ModelParameters model = run.Parameters.Model;
        SparsityPlan plan = Plan(model, algorithm, new PeriodicUpdates(3, start));
        StepFlops flops = new(model, plan, batch: 4, sequence: 32);

        for (int last = 1; last <= 20; last++)
        {
            FlopCount[] steps = [.. Enumerable.Range(1, last).Select(flops.Of)];
            Assert.Equal(steps.Sum(step => step.Executed), flops.Until(last).Executed);
            Assert.Equal(steps.Sum(step => step.Dense), flops.Until(last).Dense);
            Assert.Equal(Enumerable.Range(1, last).Sum(flops.DenseGradientsOf), flops.DenseGradientsUntil(last));
        }

        Assert.Equal(algorithm == SparsityAlgorithm.RigL, flops.DenseGradientsUntil(20) > 0);
    }

    [Fact]
    public void The_wafers_average_counts_each_level_by_its_steps()
    {
        using TestRun run = new();
        ModelParameters model = run.Parameters.Model;
        SparsityPlan plan = Plan(model, SparsityAlgorithm.Gmp, new ListedUpdates([0, 4, 9]));

        double average = WaferPrediction.AverageSeconds(model, plan, lastStep: 10, tokens: 128, systems: 1);

        // 0.5 until step 4, 0.6 until step 9, 0.7 in the last.
        double expected = ((4 * Seconds(0.5)) + (5 * Seconds(0.6)) + Seconds(0.7)) / 10;
        Assert.Equal(expected, average, 1e-12 * expected);

        double Seconds(double level)
        {
            HashSet<string> sparse = [.. plan.Weights.Select(weight => weight.Name)];
            return WaferPrediction.Of(
                model,
                weight => sparse.Contains(weight.Name) ? weight.Elements - (long)Math.Round(level * weight.Elements, MidpointRounding.ToEven)
                    : weight.Elements,
                128,
                1).Step.Seconds;
        }
    }

    [Fact]
    public void Phases_of_a_run_that_changes_at_every_step_are_as_many_as_asked_for_and_are_the_whole_run()
    {
        using TestRun run = new();
        SparsityPlan plan = SparsityPlan.Create(
            Sparsity(SparsityAlgorithm.Gmp, new LinearValue(0, 1e-4), new PeriodicUpdates(1)), GptArchitecture.Parameters(run.Parameters.Model));

        SparsityPhase[] phases = [.. SparsityPhase.Of(plan, lastStep: 10_000, most: 100)];

        Assert.Equal(100, phases.Length);
        Assert.Equal(10_000, phases.Sum(phase => phase.Steps));
        Assert.Equal(1, phases[0].FirstStep);
        Assert.All(phases.Zip(phases.Skip(1)), pair => Assert.Equal(pair.First.FirstStep + pair.First.Steps, pair.Second.FirstStep));
    }

    private static SparsityPlan Plan(ModelParameters model, SparsityAlgorithm algorithm, UpdateSchedule updates) => SparsityPlan.Create(
        Sparsity(algorithm, new CyclingValue([0.5, 0.6, 0.7, 0.8, 0.9]), updates), GptArchitecture.Parameters(model));

    private static SparsityParameters Sparsity(SparsityAlgorithm algorithm, HyperparameterSchedule level, UpdateSchedule updates) => new()
    {
        Selection = SparsitySelection.Default,
        Groups =
        [
            new SparsityGroup(null, 0, SparsityMethod.Random, 1, "params.yaml:1:1")
            {
                Dynamic = new DynamicSparsity(algorithm, level, updates, DynamicSparsity.DefaultDropFraction),
            },
        ],
    };
}
