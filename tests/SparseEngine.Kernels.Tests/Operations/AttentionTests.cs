using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.RandomNumbers;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class AttentionTests
{
    private static readonly DropoutKey Key = new(Seed: 5, Step: 6, Site: 7);

    [Theory]
    [EveryDevice]
    public void Forward_averages_the_values_of_earlier_tokens(DeviceFamily family)
    {
        foreach (AttentionCase item in AttentionCase.For(family))
        {
            (BoundedMatrix output, Bounded[] logSumExp) = item.Forward;
            ConformanceCheck.Run(family, $"{item}", [output.Values, logSumExp], workspace =>
            {
                DeviceMatrix result = workspace.Activations(item.Q.Rows, item.Q.Columns);
                DeviceBuffer<float> sums = workspace.Buffer(logSumExp.Length);
                workspace.Device.AttentionForward(
                    item.Arguments, workspace.Activations(item.Q), workspace.Activations(item.K), workspace.Activations(item.V), result, sums,
                    item.SlopesOf(workspace));
                return [Workspace.Read(result), Workspace.Read(sums)];
            });
        }
    }

    [Theory]
    [EveryDevice]
    public void Backward_gives_the_gradients_of_queries_keys_and_values(DeviceFamily family)
    {
        foreach (AttentionCase item in AttentionCase.For(family))
        {
            (BoundedMatrix dq, BoundedMatrix dk, BoundedMatrix dv) = item.Backward;
            ConformanceCheck.Run(family, $"{item}", [dq.Values, dk.Values, dv.Values], workspace =>
            {
                DeviceMatrix[] results = [.. new[] { dq, dk, dv }.Select(gradient => workspace.Activations(gradient.Rows, gradient.Columns))];
                workspace.Device.AttentionBackward(
                    item.Arguments, workspace.Activations(item.Q), workspace.Activations(item.K), workspace.Activations(item.V),
                    workspace.Activations(item.Output), workspace.Buffer(item.LogSumExp), workspace.Activations(item.OutputGradient), results[0],
                    results[1], results[2], item.SlopesOf(workspace));
                return [.. results.Select(r => Workspace.Read(r))];
            });
        }
    }

    [Theory]
    [EveryDevice]
    public void A_token_does_not_depend_on_later_ones(DeviceFamily family)
    {
        AttentionArguments arguments = new(1, 65, 1, 16, 0.25f, 0, Key);
        AttentionCase item = new(arguments);
        (Matrix q, Matrix k, Matrix v) = (item.Q, item.K, item.V);
        using BorrowedDevices devices = DevicePool.Borrow(family);
        ComputeDevice device = devices.All[0];
        using Workspace workspace = new(device, poisoned: false);
        Matrix before = Output();
        for (int f = 0; f < 16; f++)
        {
            k[f, 40] = 1000;
            v[f, 40] = 1000;
        }

        Matrix after = Output();
        for (int f = 0; f < 16; f++)
        {
            for (int t = 0; t < 40; t++)
            {
                Assert.Equal(before[f, t], after[f, t]);
            }

            Assert.NotEqual(before[f, 40], after[f, 40]);
        }

        Matrix Output()
        {
            DeviceMatrix result = workspace.Activations(16, 65);
            device.AttentionForward(
                arguments, workspace.Activations(q), workspace.Activations(k), workspace.Activations(v), result, workspace.Buffer(65));
            return new Matrix(16, 65, Workspace.Read(result));
        }
    }

    // NaN would show in all that it is multiplied with, 0 not excepted.
    [Theory]
    [EveryDevice]
    public void Tiles_of_tokens_beyond_the_window_are_not_computed(DeviceFamily family)
    {
        const int Window = 5;
        const int Early = 32;
        const int Late = 96;
        AttentionCase item = new(new(1, 130, 2, 8, 0.35f, 0, Key) { KeyValueHeads = 1, Window = Window });
        using BorrowedDevices devices = DevicePool.Borrow(family);
        ComputeDevice device = devices.All[0];
        using Workspace workspace = new(device, poisoned: false);

        DeviceMatrix result = workspace.Activations(item.Q.Rows, item.Q.Columns);
        device.AttentionForward(
            item.Arguments, workspace.Activations(item.Q), workspace.Activations(Spoilt(item.K, 0, Early)),
            workspace.Activations(Spoilt(item.V, 0, Early)), result, workspace.Buffer(2 * 130));
        AssertWithin(item.Forward.Output, result, Late, 130);

        DeviceMatrix dk = workspace.Activations(item.K.Rows, item.K.Columns);
        DeviceMatrix dv = workspace.Activations(item.K.Rows, item.K.Columns);
        device.AttentionBackward(
            item.Arguments, workspace.Activations(Spoilt(item.Q, Late, 130)), workspace.Activations(item.K), workspace.Activations(item.V),
            workspace.Activations(item.Output), workspace.Buffer(item.LogSumExp), workspace.Activations(Spoilt(item.OutputGradient, Late, 130)),
            workspace.Activations(item.Q.Rows, item.Q.Columns), dk, dv);
        AssertWithin(item.Backward.Dk, dk, 0, Early);
        AssertWithin(item.Backward.Dv, dv, 0, Early);
    }

    /// <summary>The matrix with NaN in some columns.</summary>
    private static Matrix Spoilt(Matrix matrix, int first, int end)
    {
        Matrix spoilt = new(matrix.Rows, matrix.Columns, [.. matrix.Values]);
        for (int f = 0; f < matrix.Rows; f++)
        {
            spoilt.Values.AsSpan((f * matrix.Columns) + first, end - first).Fill(double.NaN);
        }

        return spoilt;
    }

    private static void AssertWithin(BoundedMatrix expected, in DeviceMatrix result, int first, int end)
    {
        Matrix values = new(result.Rows, result.Columns, Workspace.Read(result));
        for (int f = 0; f < result.Rows; f++)
        {
            for (int t = first; t < end; t++)
            {
                Assert.InRange(Math.Abs(values[f, t] - expected[f, t].Value), 0, expected[f, t].Error);
            }
        }
    }
}
