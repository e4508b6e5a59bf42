using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class GlobalNormTests
{
    private static readonly int[] Lengths = [0, 1, 3, 17, 16_383, 16_384, 16_385, 100_000];

    [Theory]
    [EveryDevice]
    public void Sums_are_accurate_to_float64_and_add_up(DeviceFamily family)
    {
        foreach (int length in family.CasesOf(Lengths, length => length, largest: 17_000))
        {
            double[] values = new Inputs(4).Vector(length, deviation: 1e-3, mean: 1);
            double squares = values.Sum(v => v * v);
            double sum = values.Sum();
            ConformanceCheck.Run(
                family, $"{length}", [[new Bounded(3 + squares, 1e-12 * (3 + squares))], [new Bounded(3 + sum, 1e-12 * (3 + sum))], [0]], workspace =>
                {
                    DeviceBuffer<float> buffer = workspace.Buffer(values);
                    DeviceSum squareSum = workspace.Sum(3);
                    DeviceSum plainSum = workspace.Sum(3);
                    DeviceSum cleared = workspace.Sum(3);
                    workspace.Device.AddSumOfSquares(buffer, squareSum);
                    workspace.Device.AddSum(buffer, plainSum);
                    cleared.Clear();
                    return [[squareSum.Read()], [plainSum.Read()], [cleared.Read()]];
                });
        }
    }

    [Theory]
    [EveryDevice]
    public void A_sum_can_be_set_and_added_to(DeviceFamily family)
    {
        foreach (double number in new[] { 0, 3, -1.0 / 3, 1e-30, 12345678.901234567, 1e30 })
        {
            Bounded expected = new(number + 1, 1e-13 * (Math.Abs(number) + 1));
            ConformanceCheck.Run(family, $"{number}", [[expected]], workspace =>
            {
                DeviceSum sum = workspace.Sum(7);
                sum.Set(number);
                workspace.Device.AddSum(workspace.Buffer([1.0]), sum);
                return [[sum.Read()]];
            });
        }
    }

    [Theory]
    [EveryDevice]
    public void A_sum_that_is_set_to_what_is_not_finite_is_not_finite(DeviceFamily family)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        using Workspace workspace = new(devices.All[0], poisoned: false);
        DeviceSum sum = workspace.Sum(1);
        foreach (double number in new[] { double.NaN, double.PositiveInfinity, double.NegativeInfinity })
        {
            sum.Set(number);
            Assert.Equal(number, sum.Read());
        }
    }

    [Theory]
    [EveryDevice]
    public void Gradients_are_scaled_down_to_the_maximum_norm(DeviceFamily family)
    {
        foreach ((double norm, float maximum) in new[] { (4.0, 1f), (0.5, 1f), (1.0, 1f), (0.0, 1f), (1e15, 0.25f), (3.0, float.PositiveInfinity) })
        {
            Bounded factor = norm > maximum ? Bounded.Constant(maximum / (norm + 1e-6)) + 0 : 1;
            ConformanceCheck.Run(family, $"norm {norm}, maximum {maximum}", [[factor, factor]], workspace =>
            {
                // The factor shows in an update of plain descent from 0 along a gradient of -1.
                using UpdateScale scale = new(workspace.Device);
                workspace.Device.ClipByGlobalNorm(new ClipArguments(maximum, true, 1), workspace.Sum(1), workspace.Sum(norm * norm), scale);
                DeviceBuffer<float> weight = workspace.Buffer(new double[2]);
                workspace.Device.SgdStep(new SgdArguments(1, 0, false, 0), scale, weight, workspace.Buffer([-1.0, -1.0]), null);
                return [Workspace.Read(weight)];
            });
        }
    }

    [Theory]
    [EveryDevice]
    public void The_first_step_that_is_not_finite_is_remembered_with_its_loss_and_norm(DeviceFamily family)
    {
        foreach ((double loss, double squared) in new[]
        {
            (double.NaN, 1.0), (double.PositiveInfinity, 2.0), (1.0, double.NaN), (2.0, double.PositiveInfinity),
        })
        {
            using BorrowedDevices devices = DevicePool.Borrow(family);
            foreach (ComputeDevice device in devices.All)
            {
                using Workspace workspace = new(device, poisoned: false);
                using UpdateScale scale = new(device);
                Decide(1, 4, step: 1);
                Assert.Null(scale.ReadRefusal());
                Decide(loss, squared, step: 2);
                Decide(double.NaN, double.NaN, step: 3);
                Decide(1, 1, step: 4);
                RefusedUpdate refused = Assert.NotNull(scale.ReadRefusal());
                Assert.Equal(2, refused.Step);
                Assert.Equal(double.IsFinite(loss), float.IsFinite(refused.Loss));
                Assert.Equal(double.IsFinite(squared), float.IsFinite(refused.SquaredNorm));

                void Decide(double l, double s, int step) =>
                    device.ClipByGlobalNorm(new ClipArguments(1, true, step), workspace.Sum(l), workspace.Sum(s), scale);
            }
        }
    }

    [Theory]
    [EveryDevice]
    public void Steps_that_are_not_finite_update_where_nobody_checks(DeviceFamily family)
    {
        ConformanceCheck.Run(family, "unchecked", [[1]], workspace =>
        {
            using UpdateScale scale = new(workspace.Device);
            workspace.Device.ClipByGlobalNorm(new ClipArguments(1, false, 1), workspace.Sum(double.NaN), workspace.Sum(double.NaN), scale);
            DeviceBuffer<float> weight = workspace.Buffer(new double[1]);
            workspace.Device.SgdStep(new SgdArguments(1, 0, false, 0), scale, weight, workspace.Buffer([-1.0]), null);
            Assert.Null(scale.ReadRefusal());
            return [Workspace.Read(weight)];
        });
    }
}
