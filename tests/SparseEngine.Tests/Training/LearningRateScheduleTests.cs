using SparseEngine.Configuration;
using SparseEngine.Training;

namespace SparseEngine.Tests.Training;

public sealed class LearningRateScheduleTests
{
    [Theory]
    [InlineData(0, 0.0)]
    [InlineData(3, 0.3)]
    [InlineData(10, 1.0)]
    [InlineData(15, 0.55)]
    [InlineData(20, 0.1)]
    [InlineData(9999, 0.1)]
    public void Schedulers_in_sequence_count_from_their_own_start(long step, double expected)
    {
        LearningRateSchedule schedule = new(new([new PolynomialScheduler(0, 1, 10, 1, false), new PolynomialScheduler(1, 0.1, 10, 1, false)], Chained: false));
        Assert.Equal(expected, schedule.At(step), 1e-12);
    }

    [Fact]
    public void Each_formula_gives_the_number_worked_out_by_hand()
    {
        Assert.Equal(0.25, At(new PolynomialScheduler(1, 0, 10, 2, false), 5), 1e-12);
        Assert.Equal(0.25, At(new PolynomialScheduler(1, 0, 10, 1, true), 15), 1e-12);
        Assert.Equal(0.125, At(new ExponentialScheduler(1, 0.5, 10, false, null), 30), 1e-12);
        Assert.Equal(Math.Sqrt(0.5), At(new ExponentialScheduler(1, 0.5, 10, false, null), 5), 1e-12);
        Assert.Equal(1, At(new ExponentialScheduler(1, 0.5, 10, true, null), 9), 1e-12);
        Assert.Equal(0.2, At(new InverseSquareRootDecayScheduler(1, 2, 100, null), 7), 1e-12);
        Assert.Equal(0.1, At(new InverseSquareRootDecayScheduler(1, 2, 100, null), 400), 1e-12);
        Assert.Equal(0.55, At(new CosineDecayScheduler(1, 0.1, 100), 50), 1e-12);
        Assert.Equal(0.1, At(new CosineDecayScheduler(1, 0.1, 100), 1000), 1e-12);
        PiecewiseConstantScheduler pieces = new([1, 0.5, 0.25], [10, 20], null);
        Assert.Equal([1, 1, 0.5, 0.5, 0.25], new long[] { 0, 10, 11, 20, 21 }.Select(step => At(pieces, step)));
    }

    [Fact]
    public void Chained_schedulers_multiply_their_changes()
    {
        LearningRateSchedule schedule = new(new([new ConstantScheduler(0.4, null), new ExponentialScheduler(3, 0.5, 1, false, null)], Chained: true));
        Assert.Equal(0.4, schedule.At(0), 1e-12);
        Assert.Equal(0.1, schedule.At(2), 1e-12);
    }

    private static double At(SchedulerParameters scheduler, long step) => new LearningRateSchedule(new([scheduler], Chained: false)).At(step);
}
