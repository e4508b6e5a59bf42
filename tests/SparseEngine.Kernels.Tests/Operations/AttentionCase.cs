using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.RandomNumbers;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

/// <summary>One attention to check: its operands and what comes of them.</summary>
internal sealed class AttentionCase
{
    private static readonly DropoutKey Key = new(Seed: 5, Step: 6, Site: 7);
    private readonly Lazy<(BoundedMatrix Output, Bounded[] LogSumExp)> forward;
    private readonly Lazy<(BoundedMatrix Dq, BoundedMatrix Dk, BoundedMatrix Dv)> backward;

    public AttentionCase(AttentionArguments arguments, bool hasSlopes = false)
    {
        Arguments = arguments;
        Inputs inputs = new(1);
        int features = arguments.Heads * arguments.HeadSize;
        int shared = arguments.KeyValueHeads * arguments.HeadSize;
        int tokens = arguments.Batch * arguments.Sequence;
        Q = inputs.Matrix(features, tokens);
        K = inputs.Matrix(shared, tokens);
        V = inputs.Matrix(shared, tokens);
        OutputGradient = inputs.Matrix(features, tokens);
        Slopes = hasSlopes ? [.. Enumerable.Range(0, arguments.Heads).Select(head => (double)(0.7f / (1 + head)))] : null;
        forward = new(() => AttentionReference.Forward(arguments, Q, K, V, Slopes));
        backward = new(() => AttentionReference.Backward(arguments, Q, K, V, Output, LogSumExp, OutputGradient, Slopes));
    }

    /// <summary>Those that every device checks.</summary>
    public static IReadOnlyList<AttentionCase> Every { get; } =
    [
        new(new(1, 1, 1, 1, 1, 0, Key)), new(new(2, 3, 2, 8, 0.35f, 0, Key)), new(new(1, 17, 3, 16, 0.25f, 0, Key)),
        new(new(2, 33, 1, 33, 0.17f, 0, Key)), new(new(1, 65, 2, 64, 0.125f, 0, Key)), new(new(1, 100, 2, 16, 1, 0, Key)),
        new(new(1, 130, 1, 8, 0.35f, 0, Key)), new(new(0, 5, 2, 8, 1, 0, Key)), new(new(2, 33, 2, 8, 0.35f, 0.25f, Key)),
        new(new(1, 65, 1, 16, 0.25f, 0.5f, Key)),

        // Parts of a larger batch, whose masks are parts of its masks.
        new(new(1, 1, 2, 3, 1, 0.5f, Key with { FirstToken = 4, Tokens = 9 })),
        new(new(3, 3, 1, 8, 0.35f, 0.5f, Key with { FirstToken = 6, Tokens = 21 })),
        new(new(2, 17, 3, 8, 0.35f, 0.25f, Key with { FirstToken = 17, Tokens = 68 })),
        new(new(1, 63, 2, 8, 0.35f, 0.25f, Key with { FirstToken = 126, Tokens = 189 })),
        new(new(1, 65, 1, 17, 0.25f, 0.5f, Key with { FirstToken = 65, Tokens = 195 })),

        // Grouped keys, windows and slopes, each alone and all together.
        new(new(2, 33, 4, 8, 0.35f, 0, Key) { KeyValueHeads = 2 }),
        new(new(1, 41, 3, 17, 0.25f, 0.25f, Key) { KeyValueHeads = 1, Window = 17 }),
        new(new(1, 130, 2, 3, 0.5f, 0, Key) { Window = 2 }, hasSlopes: true), new(new(1, 36, 2, 8, 0.35f, 0, Key) { Window = 1 }),
        new(new(1, 17, 2, 64, 0.125f, 0, Key), hasSlopes: true),
        new(new(2, 20, 6, 5, 0.45f, 0.5f, Key) { KeyValueHeads = 3, Window = 9 }, hasSlopes: true),
    ];

    /// <summary>More, as many as the host has the time for: all pairs of groups and windows, with sizes that come round out of step.</summary>
    public static IReadOnlyList<AttentionCase> Grouped { get; } = [.. FindGrouped()];

    /// <summary>Sequences that the host's backward pass cuts into slices of queries, which share the gradients of keys and values.</summary>
    public static IReadOnlyList<AttentionCase> Sliced { get; } =
    [
        new(new(1, 530, 2, 5, 0.45f, 0.25f, Key)), new(new(1, 1100, 1, 3, 0.6f, 0, Key), hasSlopes: true),
        new(new(2, 600, 3, 4, 0.5f, 0, Key) { KeyValueHeads = 1 }), new(new(1, 700, 2, 4, 0.5f, 0, Key) { KeyValueHeads = 1, Window = 90 }),
    ];

    public AttentionArguments Arguments { get; }

    public Matrix Q { get; }

    public Matrix K { get; }

    public Matrix V { get; }

    public Matrix OutputGradient { get; }

    public double[]? Slopes { get; }

    public (BoundedMatrix Output, Bounded[] LogSumExp) Forward => forward.Value;

    public (BoundedMatrix Dq, BoundedMatrix Dk, BoundedMatrix Dv) Backward => backward.Value;

    /// <summary>What the forward pass hands to the backward one, in float32.</summary>
    public Matrix Output => Forward.Output.ToFloat32();

    public double[] LogSumExp => [.. Forward.LogSumExp.Select(s => (double)(float)s.Value)];

    public static IEnumerable<AttentionCase> For(DeviceFamily family) =>
        family < DeviceFamily.IlgpuCpu ? Every.Concat(Grouped).Concat(Sliced) : Every;

    /// <summary>The slopes on a device.</summary>
    public DeviceBuffer<float>? SlopesOf(Workspace workspace) => Slopes is null ? null : workspace.Buffer(Slopes);

    public override string ToString() => Slopes is null ? $"{Arguments}" : $"{Arguments} with slopes";

    private static IEnumerable<AttentionCase> FindGrouped()
    {
        int[] sizes = [1, 3, 17, 64, 65];
        int[] sequences = [1, 2, 7, 16, 33, 64, 101, 130];
        int index = 0;
        foreach ((int heads, int keyHeads) in ((int, int)[])[(1, 1), (2, 1), (4, 2), (6, 3), (6, 2), (5, 1), (3, 3)])
        {
            foreach (int window in (int[])[1, 2, 17, 1000])
            {
                float dropoutRate = index % 3 == 1 ? 0.25f : 0;
                AttentionArguments arguments = new(
                    1 + (index % 2), sequences[7 - (index % 8)], heads, sizes[4 - (index % 5)], 0.3f, dropoutRate, Key)
                {
                    KeyValueHeads = keyHeads,
                    Window = window,
                };
                yield return new AttentionCase(arguments, hasSlopes: index % 7 < 3);
                index++;
            }
        }
    }
}
