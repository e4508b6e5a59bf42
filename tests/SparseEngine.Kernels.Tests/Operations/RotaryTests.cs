using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class RotaryTests
{
    // Sequences and first positions on and off the boundaries of vectors; heads with features that are not turned, an odd number too; no tokens, no
    // heads, no angles.
    private static readonly Shape[] Shapes =
    [
        new(Heads: 1, HeadSize: 2, Pairs: 1, Batch: 1, Sequence: 1, FirstPosition: 0, Positions: 1),
        new(Heads: 3, HeadSize: 3, Pairs: 1, Batch: 5, Sequence: 1, FirstPosition: 16, Positions: 17),
        new(Heads: 2, HeadSize: 7, Pairs: 2, Batch: 3, Sequence: 33, FirstPosition: 5, Positions: 40),
        new(Heads: 2, HeadSize: 6, Pairs: 3, Batch: 4, Sequence: 17, FirstPosition: 0, Positions: 17),
        new(Heads: 1, HeadSize: 64, Pairs: 32, Batch: 1, Sequence: 65, FirstPosition: 7, Positions: 100),
        new(Heads: 2, HeadSize: 5, Pairs: 2, Batch: 3, Sequence: 20, FirstPosition: 8, Positions: 65),
        new(Heads: 1, HeadSize: 3, Pairs: 1, Batch: 2, Sequence: 1000, FirstPosition: 1, Positions: 1001),
        new(Heads: 2, HeadSize: 4, Pairs: 2, Batch: 0, Sequence: 3, FirstPosition: 0, Positions: 3),
        new(Heads: 0, HeadSize: 4, Pairs: 2, Batch: 2, Sequence: 3, FirstPosition: 0, Positions: 3),
        new(Heads: 2, HeadSize: 1, Pairs: 0, Batch: 2, Sequence: 3, FirstPosition: 0, Positions: 3),
    ];

    [Theory]
    [EveryDevice]
    public void Pairs_of_features_turn_by_the_angles_of_their_positions(DeviceFamily family) => Check(family, inverse: false);

    [Theory]
    [EveryDevice]
    public void The_inverse_turns_them_back(DeviceFamily family) => Check(family, inverse: true);

    [Theory]
    [EveryDevice]
    public void Rotations_that_do_not_fit_are_refused(DeviceFamily family) => ShapeTests.Check(family, (device, w) =>
    {
        DeviceMatrix x = w.Activations(8, 20);
        DeviceMatrix table = w.Activations(2, 15);
        RotaryArguments arguments = new(HeadSize: 4, Sequence: 10, FirstPosition: 5, Inverse: false);
        return
        [
            () => device.Rotate(arguments with { HeadSize = 0 }, x, table, table),
            () => device.Rotate(arguments with { HeadSize = 2 }, x, table, table),
            () => device.Rotate(arguments with { HeadSize = 5 }, x, table, table),
            () => device.Rotate(arguments with { Sequence = 0 }, x, table, table),
            () => device.Rotate(arguments with { Sequence = 7 }, x, table, table),
            () => device.Rotate(arguments with { FirstPosition = -1 }, x, table, table),
            () => device.Rotate(arguments with { FirstPosition = 6 }, x, table, table),
            () => device.Rotate(arguments, x, table, w.Activations(2, 14)),
            () => device.Rotate(arguments, x, table, w.Activations(1, 15)),
            () => device.Rotate(arguments, x, w.Dense(new Matrix(2, 15)), table),
        ];
    });

    private static void Check(DeviceFamily family, bool inverse)
    {
        foreach (Shape shape in family.CasesOf(Shapes, shape => shape.Features * shape.Tokens, largest: 4500))
        {
            Inputs inputs = new(1);
            Matrix x = inputs.Matrix(shape.Features, shape.Tokens);
            Matrix angles = inputs.Matrix(shape.Pairs, shape.Positions, deviation: 3);
            Matrix cosines = new(shape.Pairs, shape.Positions, [.. angles.Values.Select(angle => (double)(float)Math.Cos(angle))]);
            Matrix sines = new(shape.Pairs, shape.Positions, [.. angles.Values.Select(angle => (double)(float)Math.Sin(angle))]);
            BoundedMatrix expected = Rotated(shape, x, cosines, sines, inverse ? -1 : 1);
            ConformanceCheck.Run(family, $"{shape}", [expected.Values], workspace =>
            {
                DeviceMatrix turned = workspace.Activations(x);
                workspace.Device.Rotate(
                    new RotaryArguments(shape.HeadSize, shape.Sequence, shape.FirstPosition, inverse), turned, workspace.Activations(cosines),
                    workspace.Activations(sines));
                return [Workspace.Read(turned)];
            });
        }
    }

    private static BoundedMatrix Rotated(Shape shape, Matrix x, Matrix cosines, Matrix sines, double direction)
    {
        BoundedMatrix result = new(x.Rows, x.Columns);
        for (int f = 0; f < x.Rows; f++)
        {
            int pair = f % shape.HeadSize / 2;
            for (int t = 0; t < x.Columns; t++)
            {
                if (pair >= shape.Pairs)
                {
                    result[f, t] = x[f, t];
                    continue;
                }

                int position = shape.FirstPosition + (t % shape.Sequence);
                bool isFirst = f % shape.HeadSize % 2 == 0;
                Bounded other = isFirst ? -x[f + 1, t] : x[f - 1, t];
                result[f, t] = ((Bounded)x[f, t] * cosines[pair, position]) + (other * (direction * sines[pair, position]));
            }
        }

        return result;
    }

    private sealed record Shape(int Heads, int HeadSize, int Pairs, int Batch, int Sequence, int FirstPosition, int Positions)
    {
        public int Features => Heads * HeadSize;

        public int Tokens => Batch * Sequence;
    }
}
