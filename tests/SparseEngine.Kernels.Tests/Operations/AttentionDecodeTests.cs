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

        // Grouped keys and windows: within a vector, from one on, over several, longer than the sequence.
        new(14, 4, 17, 0.25f) { KeyValueHeads = 2 }, new(63, 3, 33, 0.17f) { KeyValueHeads = 1, Window = 1 },
        new(64, 6, 5, 0.45f) { KeyValueHeads = 3, Window = 2 }, new(80, 2, 8, 0.35f) { Window = 17 },
        new(299, 2, 3, 1) { KeyValueHeads = 1, Window = 270 }, new(33, 2, 65, 0.12f) { Window = 1000 },
    ];

    [Theory]
    [EveryDevice]
    public void The_next_token_averages_the_values_of_those_before_it_and_its_own_and_its_key_and_value_are_kept(DeviceFamily family)
    {
        foreach (AttentionDecodeArguments arguments in family.CasesOf(Cases, item => (long)item.Heads * item.HeadSize * item.Position, largest: 1000))
        {
            (Matrix q, Matrix k, Matrix v) = Operands(arguments);
            int tokens = arguments.Position + 1;
            foreach ((int capacity, double[]? slopes) in ((int, double[]?)[])[(tokens, null), (tokens + 40, Slopes(arguments.Heads))])
            {
                Bounded[] output = AttentionReference.Last(arguments, q, k, v, slopes).Values;
                ConformanceCheck.Run(family, $"{arguments} of {capacity}", [output, Exact(k), Exact(v)], workspace =>
                {
                    DeviceMatrix keys = workspace.Activations(Kept(k, capacity));
                    DeviceMatrix values = workspace.Activations(Kept(v, capacity));
                    DeviceMatrix result = workspace.Activations(q.Rows, 1);
                    workspace.Device.AttentionDecode(
                        arguments, Last(workspace, q), Last(workspace, k), Last(workspace, v), keys, values, result,
                        slopes is null ? null : workspace.Buffer(slopes));
                    return [Workspace.Read(result), Beginning(keys, tokens), Beginning(values, tokens)];
                });
            }
        }
    }

    [Theory]
    [EveryDevice]
    public void Token_by_token_it_is_the_attention_of_the_whole_sequence(DeviceFamily family)
    {
        AttentionArguments full = new(1, 18, 2, 5, 0.35f, DropoutRate: 0, default);
        AttentionArguments grouped = new(1, 9, 2, 3, 0.5f, DropoutRate: 0, default) { KeyValueHeads = 1, Window = 4 };
        foreach (AttentionCase item in (AttentionCase[])[new(full), new(grouped, hasSlopes: true)])
        {
            AttentionArguments arguments = item.Arguments;
            ConformanceCheck.Run(family, $"{item}", [item.Forward.Output.Values], workspace =>
            {
                DeviceMatrix keys = workspace.Activations(item.K.Rows, arguments.Sequence);
                DeviceMatrix values = workspace.Activations(item.K.Rows, arguments.Sequence);
                DeviceBuffer<float>? slopes = item.SlopesOf(workspace);
                Matrix output = new(item.Q.Rows, item.Q.Columns);
                for (int position = 0; position < arguments.Sequence; position++)
                {
                    DeviceMatrix result = workspace.Activations(item.Q.Rows, 1);
                    AttentionDecodeArguments token = new(position, arguments.Heads, arguments.HeadSize, arguments.Scale)
                    {
                        KeyValueHeads = arguments.KeyValueHeads,
                        Window = arguments.Window,
                    };
                    workspace.Device.AttentionDecode(
                        token, Column(workspace, item.Q, position), Column(workspace, item.K, position), Column(workspace, item.V, position), keys,
                        values, result, slopes);
                    double[] column = Workspace.Read(result);
                    for (int f = 0; f < item.Q.Rows; f++)
                    {
                        output[f, position] = column[f];
                    }
                }

                return [output.Values];
            });
        }
    }

    // Whatever shares a line with the window must be numbers; what does not may be anything.
    [Theory]
    [EveryDevice]
    public void Lines_before_the_window_are_not_read(DeviceFamily family)
    {
        AttentionDecodeArguments arguments = new(70, 4, 8, 0.35f) { KeyValueHeads = 2, Window = 20 };
        (Matrix q, Matrix k, Matrix v) = Operands(arguments);
        double[] slopes = Slopes(arguments.Heads);
        Bounded[] output = AttentionReference.Last(arguments, q, k, v, slopes).Values;
        ConformanceCheck.Run(family, $"{arguments}", [output], workspace =>
        {
            DeviceMatrix result = workspace.Activations(q.Rows, 1);
            workspace.Device.AttentionDecode(
                arguments, Last(workspace, q), Last(workspace, k), Last(workspace, v), workspace.Activations(Kept(k, 71, from: 48)),
                workspace.Activations(Kept(v, 71, from: 48)), result, workspace.Buffer(slopes));
            return [Workspace.Read(result)];
        });
    }

    private static (Matrix Q, Matrix K, Matrix V) Operands(in AttentionDecodeArguments arguments)
    {
        Inputs inputs = new(1);
        int features = arguments.Heads * arguments.HeadSize;
        int shared = arguments.KeyValueHeads * arguments.HeadSize;
        int tokens = arguments.Position + 1;
        return (inputs.Matrix(features, tokens), inputs.Matrix(shared, tokens), inputs.Matrix(shared, tokens));
    }

    private static double[] Slopes(int heads) => [.. Enumerable.Range(0, heads).Select(head => (double)(0.3f / (1 + head)))];

    /// <summary>What is kept before the last token comes: NaN in its place and after it, and before a first token that counts.</summary>
    private static Matrix Kept(Matrix all, int capacity, int from = 0)
    {
        Matrix kept = new(all.Rows, capacity);
        for (int f = 0; f < all.Rows; f++)
        {
            for (int t = 0; t < capacity; t++)
            {
                kept[f, t] = t >= from && t < all.Columns - 1 ? all[f, t] : double.NaN;
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
