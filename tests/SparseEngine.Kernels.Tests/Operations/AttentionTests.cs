using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.RandomNumbers;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class AttentionTests
{
    private static readonly DropoutKey Key = new(Seed: 5, Step: 6, Site: 7);

    private static readonly AttentionArguments[] Cases =
    [
        new(1, 1, 1, 1, 1, 0, Key), new(2, 3, 2, 8, 0.35f, 0, Key), new(1, 17, 3, 16, 0.25f, 0, Key), new(2, 33, 1, 33, 0.17f, 0, Key),
        new(1, 65, 2, 64, 0.125f, 0, Key), new(1, 100, 2, 16, 1, 0, Key), new(1, 130, 1, 8, 0.35f, 0, Key), new(0, 5, 2, 8, 1, 0, Key),
        new(2, 33, 2, 8, 0.35f, 0.25f, Key), new(1, 65, 1, 16, 0.25f, 0.5f, Key),
    ];

    [Theory]
    [EveryDevice]
    public void Forward_averages_the_values_of_earlier_tokens(DeviceFamily family)
    {
        foreach (AttentionArguments arguments in Cases)
        {
            (Matrix q, Matrix k, Matrix v, _) = Operands(arguments);
            (BoundedMatrix output, Bounded[] logSumExp) = AttentionReference.Forward(arguments, q, k, v);
            ConformanceCheck.Run(family, $"{arguments}", [output.Values, logSumExp], workspace =>
            {
                DeviceMatrix result = workspace.Activations(q.Rows, q.Columns);
                DeviceBuffer<float> sums = workspace.Buffer(arguments.Heads * q.Columns);
                workspace.Device.AttentionForward(
                    arguments, workspace.Activations(q), workspace.Activations(k), workspace.Activations(v), result, sums);
                return [Workspace.Read(result), Workspace.Read(sums)];
            });
        }
    }

    [Theory]
    [EveryDevice]
    public void Backward_gives_the_gradients_of_queries_keys_and_values(DeviceFamily family)
    {
        foreach (AttentionArguments arguments in Cases)
        {
            (Matrix q, Matrix k, Matrix v, Matrix gradient) = Operands(arguments);
            (BoundedMatrix forward, Bounded[] logSumExp) = AttentionReference.Forward(arguments, q, k, v);
            Matrix output = forward.ToFloat32();
            double[] sums = [.. logSumExp.Select(s => (double)(float)s.Value)];
            (BoundedMatrix dq, BoundedMatrix dk, BoundedMatrix dv) = AttentionReference.Backward(arguments, q, k, v, output, sums, gradient);
            ConformanceCheck.Run(family, $"{arguments}", [dq.Values, dk.Values, dv.Values], workspace =>
            {
                DeviceMatrix[] results = [.. Enumerable.Range(0, 3).Select(_ => workspace.Activations(q.Rows, q.Columns))];
                workspace.Device.AttentionBackward(
                    arguments, workspace.Activations(q), workspace.Activations(k), workspace.Activations(v), workspace.Activations(output),
                    workspace.Buffer(sums), workspace.Activations(gradient), results[0], results[1], results[2]);
                return [.. results.Select(r => Workspace.Read(r))];
            });
        }
    }

    [Theory]
    [EveryDevice]
    public void A_token_does_not_depend_on_later_ones(DeviceFamily family)
    {
        AttentionArguments arguments = new(1, 65, 1, 16, 0.25f, 0, Key);
        (Matrix q, Matrix k, Matrix v, _) = Operands(arguments);
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

    private static (Matrix Q, Matrix K, Matrix V, Matrix OutputGradient) Operands(in AttentionArguments arguments)
    {
        Inputs inputs = new(1);
        int features = arguments.Heads * arguments.HeadSize;
        int tokens = arguments.Batch * arguments.Sequence;
        return (inputs.Matrix(features, tokens), inputs.Matrix(features, tokens), inputs.Matrix(features, tokens), inputs.Matrix(features, tokens));
    }
}
