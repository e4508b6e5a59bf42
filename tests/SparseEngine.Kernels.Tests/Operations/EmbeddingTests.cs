using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class EmbeddingTests
{
    private static readonly (int Vocabulary, int Features, int Sequences, int Sequence)[] Shapes =
        [(1, 1, 1, 1), (3, 17, 3, 21), (65, 63, 1, 65), (1000, 3, 2, 500), (17, 65, 0, 5)];

    [Theory]
    [EveryDevice]
    public void Forward_is_the_words_row_plus_the_positions_row(DeviceFamily family)
    {
        foreach ((int vocabulary, int features, int sequences, int sequence) in Shapes)
        {
            Inputs inputs = new(1);
            int tokens = sequences * sequence;
            int[] ids = inputs.Integers(tokens, vocabulary);
            Matrix words = inputs.Matrix(vocabulary, features);
            foreach (Matrix? positions in new[] { null, inputs.Matrix(sequence + 2, features) })
            {
                BoundedMatrix expected = new(features, tokens);
                for (int f = 0; f < features; f++)
                {
                    for (int t = 0; t < tokens; t++)
                    {
                        expected[f, t] = positions is null ? words[ids[t], f] : (Bounded)words[ids[t], f] + positions[t % sequence, f];
                    }
                }

                ConformanceCheck.Run(family, $"{vocabulary} words, {features} x {tokens}", [expected.Values], workspace =>
                {
                    DeviceMatrix x = workspace.Activations(features, tokens);
                    workspace.Device.EmbeddingForward(
                        workspace.Buffer(ids), workspace.Dense(words), positions is null ? null : workspace.Dense(positions), sequence, x);
                    return [Workspace.Read(x)];
                });
            }
        }
    }

    [Theory]
    [EveryDevice]
    public void Backward_adds_each_token_to_its_rows(DeviceFamily family)
    {
        foreach ((int vocabulary, int features, int sequences, int sequence) in Shapes)
        {
            Inputs inputs = new(2);
            int tokens = sequences * sequence;
            int[] ids = inputs.Integers(tokens, vocabulary);
            Matrix dx = inputs.Matrix(features, tokens);
            Matrix oldWords = inputs.Matrix(vocabulary, features);
            Matrix oldPositions = inputs.Matrix(sequence + 2, features);
            Bounded[] words = RowSums(oldWords, dx, t => ids[t]);
            Bounded[] positions = RowSums(oldPositions, dx, t => t % sequence);
            string what = $"{vocabulary} words, {features} x {tokens}";
            ConformanceCheck.Run(family, what, [words, positions], workspace =>
            {
                DeviceMatrix wordGradient = workspace.Dense(oldWords);
                DeviceMatrix positionGradient = workspace.Dense(oldPositions);
                workspace.Device.EmbeddingBackward(workspace.Buffer(ids), workspace.Activations(dx), sequence, wordGradient, positionGradient);
                return [Workspace.Read(wordGradient.Buffer), Workspace.Read(positionGradient.Buffer)];
            });
            ConformanceCheck.Run(family, $"{what}, no positions", [words], workspace =>
            {
                DeviceMatrix wordGradient = workspace.Dense(oldWords);
                workspace.Device.EmbeddingBackward(workspace.Buffer(ids), workspace.Activations(dx), sequence, wordGradient, null);
                return [Workspace.Read(wordGradient.Buffer)];
            });
        }
    }

    [Theory]
    [EveryDevice]
    public void An_id_outside_the_table_is_refused(DeviceFamily family)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            using Workspace workspace = new(device, poisoned: false);
            DeviceMatrix words = workspace.Dense(new Matrix(4, 3));
            DeviceMatrix x = workspace.Activations(new Matrix(3, 2));
            foreach (int id in new[] { -1, 4, int.MaxValue, int.MinValue })
            {
                DeviceBuffer<int> ids = workspace.Buffer([0, id]);
                ArgumentException error = Assert.Throws<ArgumentException>(() => device.EmbeddingForward(ids, words, null, 2, x));
                Assert.Contains($"token 1 has the id {id}", error.Message, StringComparison.Ordinal);
                Assert.Throws<ArgumentException>(() => device.EmbeddingBackward(ids, x, 2, words, null));
            }
        }
    }

    private static Bounded[] RowSums(Matrix old, Matrix dx, Func<int, int> row)
    {
        BoundedSum[] sums = new BoundedSum[old.Values.Length];
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i].Add(old.Values[i]);
        }

        for (int t = 0; t < dx.Columns; t++)
        {
            for (int f = 0; f < dx.Rows; f++)
            {
                sums[(row(t) * old.Columns) + f].Add(dx[f, t]);
            }
        }

        return [.. sums.Select(s => s.Total)];
    }
}
