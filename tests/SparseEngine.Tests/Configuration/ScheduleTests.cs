using SparseEngine.Configuration;

namespace SparseEngine.Tests.Configuration;

public sealed class ScheduleTests
{
    public static TheoryData<HyperparameterSchedule, int, int, double> Values() => new()
    {
        // Worked examples of the original's documentation.
        { new CosineValue(0.3, 3584), 0, 0, 0.3 },
        { new CosineValue(0.3, 3584), 896, 0, 0.256066 },
        { new CosineValue(0.3, 3584), 1792, 0, 0.15 },
        { new CosineValue(0.3, 3584), 3500, 0, 0.0004064 },
        { new CosineValue(0.3, 3584), 3584, 0, 0 },
        { new CosineValue(0.3, 3584), 7168, 0, 0.3 },
        { new ExponentialValue(0, Math.Log(0.3) / 1000), 1000, 0, 0.7 },
        { new ExponentialValue(0.5, -0.1, 0.9), 0, 0, 0.5 },
        { new LinearValue(0.1, 0.01), 30, 0, 0.4 },
        { new PowerValue(0.8, 0.5), 2, 0, 0.2 },
        { new CyclingValue([0.1, 0.2, 0.3]), 17, 4, 0.2 },
        { new ConstantValue(0.5), 17, 4, 0.5 },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void A_schedule_has_the_value_of_its_formula(HyperparameterSchedule schedule, int step, int update, double expected) =>
        Assert.Equal(expected, schedule.At(step, update), 1e-6);

    [Theory]
    [InlineData(100, 0, 3584)]
    [InlineData(5, 3, 14)]
    [InlineData(5, 3, 13)]
    [InlineData(1, 0, null)]
    [InlineData(7, 20, null)]
    public void A_period_contains_counts_and_finds_its_updates(int frequency, int start, int? stop)
    {
        Check(new PeriodicUpdates(frequency, start, stop), step => step >= start && step < (stop ?? int.MaxValue) && (step - start) % frequency == 0);
    }

    [Fact]
    public void So_does_a_list() => Check(new ListedUpdates([0, 4, 11]), step => step is 0 or 4 or 11);

    private static void Check(UpdateSchedule schedule, Func<int, bool> rule)
    {
        int[] updates = [.. Enumerable.Range(0, 40).Where(rule)];
        Assert.Equal(updates, schedule.Until(39));
        for (int step = 0; step < 40; step++)
        {
            Assert.Equal(rule(step), schedule.Contains(step));
            Assert.Equal(updates.Count(update => update < step), schedule.CountBefore(step));
            Assert.Equal(updates.Where(update => update <= step).Select(update => (int?)update).LastOrDefault(), schedule.LastUntil(step));
            if (updates.Any(update => update > step))
            {
                Assert.Equal(updates.First(update => update > step), schedule.NextAfter(step));
            }
        }
    }
}
