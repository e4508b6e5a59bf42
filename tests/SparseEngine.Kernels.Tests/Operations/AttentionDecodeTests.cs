using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class AttentionDecodeTests
{
    // The places around a vector, a 64-byte line, a group of threads; with heads of whole and of broken vectors.
    private static readonly AttentionDecodeArguments[] Cases =
    [
        new(0, 1, 1, 1), new(2, 2, 3, 0.5f), new(3, 1, 4, 0.5f), new(7, 3, 8, 0.35f), new(14, 2, 17, 0.25f), new(15, 1, 16, 0.25f), new(16, 3, 1, 1),
        new(62, 2, 8, 0.35f), new(63, 1, 33, 0.17f), new(64, 2, 64, 0.125f), new(255, 1, 8, 0.35f), new(256, 1, 5, 1), new(999, 2, 16, 0.25f),
        new(4, 0, 8, 1),
    ];

    [Theory]
    [EveryDevice]
    public void The_next_token_averages_the_values_of_those_before_it_and_its_own_and_its_key_and_value_are_kept(DeviceFamily family)
    {
        foreach (AttentionDecodeArguments arguments in family.CasesOf(Cases, item => (long)item.Heads * item.HeadSize * item.Position, largest: 1000))
        {
            (Matrix q, Matrix k, Matrix v) = Operands(arguments);
            Bounded[] output = AttentionReference.Last(arguments, q, k, v).Values;
            int tokens = arguments.Position + 1;
            foreach (int capacity in (int[])[tokens, tokens + 40])
            {
                ConformanceCheck.Run(family, $"{arguments} of {capacity}", [output, Exact(k), Exact(v)], workspace =>
                {
                    DeviceMatrix keys = workspace.Activations(Kept(k, capacity));
                    DeviceMatrix values = workspace.Activations(Kept(v, capacity));
                    DeviceMatrix result = workspace.Activations(q.Rows, 1);
                    workspace.Device.AttentionDecode(arguments, Last(workspace, q), Last(workspace, k), Last(workspace, v), keys, values, result);
                    return [Workspace.Read(result), Beginning(keys, tokens), Beginning(values, tokens)];
                });
            }
        }
    }

    [Theory]
    [EveryDevice]
    public void Token_by_token_it_is_the_attention_of_the_whole_sequence(DeviceFamily family)
    {
        AttentionArguments arguments = new(1, 18, 2, 5, 0.35f, DropoutRate: 0, default);
        (Matrix q, Matrix k, Matrix v) = Operands(new(arguments.Sequence - 1, arguments.Heads, arguments.HeadSize, arguments.Scale));
        (BoundedMatrix expected, _) = AttentionReference.Forward(arguments, q, k, v);
        ConformanceCheck.Run(family, "a sequence", [expected.Values], workspace =>
        {
            DeviceMatrix keys = workspace.Activations(q.Rows, arguments.Sequence);
            DeviceMatrix values = workspace.Activations(q.Rows, arguments.Sequence);
            Matrix output = new(q.Rows, q.Columns);
            for (int position = 0; position < arguments.Sequence; position++)
            {
                DeviceMatrix result = workspace.Activations(q.Rows, 1);
                workspace.Device.AttentionDecode(
                    new(position, arguments.Heads, arguments.HeadSize, arguments.Scale),
                    Column(workspace, q, position), Column(workspace, k, position), Column(workspace, v, position), keys, values, result);
                double[] column = Workspace.Read(result);
                for (int f = 0; f < q.Rows; f++)
                {
                    output[f, position] = column[f];
                }
            }

            return [output.Values];
        });
    }

    private static (Matrix Q, Matrix K, Matrix V) Operands(in AttentionDecodeArguments arguments)
    {
        Inputs inputs = new(1);
        int features = arguments.Heads * arguments.HeadSize;
        int tokens = arguments.Position + 1;
        return (inputs.Matrix(features, tokens), inputs.Matrix(features, tokens), inputs.Matrix(features, tokens));
    }

    /// <summary>What is kept before the last token comes: NaN in its place and after it.</summary>
    private static Matrix Kept(Matrix all, int capacity)
    {
        Matrix kept = new(all.Rows, capacity);
        for (int f = 0; f < all.Rows; f++)
        {
            for (int t = 0; t < capacity; t++)
            {
                kept[f, t] = t < all.Columns - 1 ? all[f, t] : double.NaN;
            }
        }

        return kept;
    }

    private static DeviceMatrix Last(Workspace workspace, Matrix matrix) => Column(workspace, matrix, matrix.Columns - 1);

    private static DeviceMatrix Column(Workspace workspace, Matrix matrix, int column)
    {
        Matrix single = new(matrix.Rows, 1);
        for (int f = 0; f < matrix.Rows; f++)
        {
            single[f, 0] = matrix[f, column];
        }

        return workspace.Activations(single);
    }

    private static double[] Beginning(in DeviceMatrix kept, int tokens)
    {
        double[] values = Workspace.Read(kept);
        int capacity = kept.Columns;
        return [.. values.Where((_, i) => i % capacity < tokens)];
    }

    private static Bounded[] Exact(Matrix matrix) => [.. matrix.Values.Select(value => new Bounded(value))];
}
