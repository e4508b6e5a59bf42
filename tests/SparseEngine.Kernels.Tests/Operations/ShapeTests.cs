using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

/// <summary>What does not fit is refused before anything is computed.</summary>
public class ShapeTests
{
    [Theory]
    [EveryDevice]
    public void Activations_of_another_shape_are_refused(DeviceFamily family) => Check(family, (device, w) =>
    {
        DeviceMatrix x = w.Activations(4, 20);
        DeviceMatrix other = w.Activations(4, 19);
        DeviceMatrix taller = w.Activations(5, 20);
        DeviceBuffer<float> features = w.Buffer(4);
        DeviceBuffer<float> tokens = w.Buffer(20);
        return
        [
            () => device.Add(other, x),
            () => device.Add(taller, x),
            () => device.ActivationForward(Activation.Gelu, x, other),
            () => device.ActivationBackward(Activation.Gelu, x, other, x),
            () => device.ActivationBackward(Activation.Gelu, x, x, taller),
            () => device.ActivationForward((Activation)99, x, x),
            () => device.LayerNormForward(x, features, features, 1e-5f, other, tokens, tokens),
            () => device.LayerNormBackward(x, features, tokens, tokens, other, x, false, features, features),
            () => device.LayerNormBackward(x, features, tokens, tokens, x, taller, false, features, features),
            () => device.RmsNormForward(x, features, 1e-5f, other, tokens),
            () => device.RmsNormBackward(x, features, tokens, taller, x, false, features),
            () => device.RmsNormBackward(x, features, tokens, x, other, false, features),
            () => device.GateForward(Activation.Silu, x, other, x),
            () => device.GateForward(Activation.Silu, x, x, taller),
            () => device.GateForward((Activation)99, x, x, x),
            () => device.GateBackward(Activation.Silu, x, other, x, x, x),
            () => device.GateBackward(Activation.Silu, x, x, taller, x, x),
            () => device.GateBackward(Activation.Silu, x, x, x, other, x),
            () => device.GateBackward(Activation.Silu, x, x, x, x, taller),
            () => device.GateBackward((Activation)(-1), x, x, x, x, x),
        ];
    });

    [Theory]
    [EveryDevice]
    public void Buffers_that_are_too_short_are_refused(DeviceFamily family) => Check(family, (device, w) =>
    {
        DeviceMatrix x = w.Activations(4, 20);
        DeviceBuffer<float> three = w.Buffer(3);
        DeviceBuffer<float> features = w.Buffer(4);
        DeviceBuffer<float> nineteen = w.Buffer(19);
        DeviceBuffer<float> tokens = w.Buffer(20);
        DeviceBuffer<int> ids = w.Buffer(new int[19]);
        UpdateScale scale = w.Own(new UpdateScale(device));
        return
        [
            () => device.AddBias(x, three),
            () => device.RowSums(x, three, accumulate: false),
            () => device.LayerNormForward(x, three, features, 1e-5f, x, tokens, tokens),
            () => device.LayerNormForward(x, features, three, 1e-5f, x, tokens, tokens),
            () => device.LayerNormForward(x, features, features, 1e-5f, x, nineteen, tokens),
            () => device.LayerNormForward(x, features, features, 1e-5f, x, tokens, nineteen),
            () => device.LayerNormBackward(x, features, tokens, tokens, x, x, false, three, features),
            () => device.LayerNormBackward(x, features, tokens, tokens, x, x, false, features, three),
            () => device.RmsNormForward(x, three, 1e-5f, x, tokens),
            () => device.RmsNormForward(x, features, 1e-5f, x, nineteen),
            () => device.RmsNormBackward(x, three, tokens, x, x, false, features),
            () => device.RmsNormBackward(x, features, nineteen, x, x, false, features),
            () => device.RmsNormBackward(x, features, tokens, x, x, false, three),
            () => device.SoftmaxCrossEntropy(x, ids, tokens, tokens, tokens, null),
            () => device.SoftmaxCrossEntropy(x, w.Buffer(new int[20]), tokens, nineteen, tokens, null),
            () => device.AdamStep(default, scale, features, three, features, features),
            () => device.AdamStep(default, scale, features, features, three, features),
            () => device.AdamStep(default, scale, features, features, features, three),
            () => device.SgdStep(default, scale, features, three, null),
            () => device.SgdStep(default, scale, features, features, three),
        ];
    });

    [Theory]
    [EveryDevice]
    public void Products_whose_operands_do_not_fit_are_refused(DeviceFamily family) => Check(family, (device, w) =>
    {
        CsrPattern pattern = new Inputs(1).Pattern(6, 5, 0.5);
        CsrMatrix weight = new(w.Pattern(pattern), w.Buffer(pattern.NonZeros));
        DeviceMatrix x = w.Activations(5, 20);
        DeviceMatrix y = w.Activations(6, 20);
        DeviceMatrix fewer = w.Activations(6, 19);
        DeviceBuffer<float> values = w.Buffer(pattern.NonZeros - 1);
        DeviceMatrix dense = w.Dense(new Matrix(6, 5));
        return
        [
            () => device.Spmm(weight, y, y, null),
            () => device.Spmm(weight, x, x, null),
            () => device.Spmm(weight, x, fewer, null),
            () => device.Spmm(weight, x, y, w.Buffer(5)),
            () => device.Spmm(weight with { Values = values }, x, y, null),
            () => device.SpmmTransposed(weight, x, x, accumulate: false),
            () => device.SpmmTransposed(weight, fewer, x, accumulate: false),
            () => device.SpmmTransposed(weight with { Values = values }, y, x, accumulate: false),
            () => device.Sddmm(weight.Pattern, x, x, values, accumulate: false),
            () => device.Sddmm(weight.Pattern, fewer, x, weight.Values, accumulate: false),
            () => device.Sddmm(weight.Pattern, y, x, values, accumulate: false),
            () => device.Gemm(GemmLayout.Normal, dense, y, y, accumulate: false),
            () => device.Gemm(GemmLayout.Normal, dense, x, x, accumulate: false),
            () => device.Gemm(GemmLayout.TransposedA, dense, x, x, accumulate: false),
            () => device.Gemm(GemmLayout.TransposedB, y, x, w.Dense(new Matrix(5, 6)), accumulate: false),
            () => device.Gemm(GemmLayout.Normal, dense, w.Dense(new Matrix(5, 20)), y, accumulate: false),
            () => device.Gemm((GemmLayout)3, dense, x, y, accumulate: false),
            () => device.Prepare(pattern, RowPartition.EqualNonZeros([0, 1], 1), RowPartition.EqualNonZeros(new int[6], 1)),
            () => device.Prepare(pattern, RowPartition.EqualNonZeros(pattern.RowPointers, 1), RowPartition.EqualNonZeros(new int[5], 1)),
        ];
    });

    [Theory]
    [EveryDevice]
    public void Attention_and_embeddings_that_do_not_fit_are_refused(DeviceFamily family) => Check(family, (device, w) =>
    {
        DeviceMatrix x = w.Activations(4, 20);
        DeviceMatrix other = w.Activations(4, 19);
        DeviceMatrix shared = w.Activations(2, 20);
        DeviceBuffer<float> sums = w.Buffer(40);
        AttentionArguments arguments = new(Batch: 2, Sequence: 10, Heads: 2, HeadSize: 2, Scale: 1, DropoutRate: 0, default);
        DeviceBuffer<int> ids = w.Buffer(new int[20]);
        DeviceMatrix words = w.Dense(new Matrix(7, 4));
        return
        [
            () => device.AttentionForward(arguments, other, x, x, x, sums),
            () => device.AttentionForward(arguments, x, other, x, x, sums),
            () => device.AttentionForward(arguments, x, x, other, x, sums),
            () => device.AttentionForward(arguments, x, x, x, other, sums),
            () => device.AttentionForward(arguments, x, x, x, x, w.Buffer(39)),
            () => device.AttentionForward(arguments with { Heads = 3 }, x, x, x, x, sums),
            () => device.AttentionForward(arguments with { DropoutRate = 1 }, x, x, x, x, sums),
            () => device.AttentionForward(arguments with { KeyValueHeads = 1 }, x, x, x, x, sums),
            () => device.AttentionForward(arguments with { KeyValueHeads = 3 }, x, w.Activations(6, 20), w.Activations(6, 20), x, sums),
            () => device.AttentionForward(arguments with { KeyValueHeads = -1 }, x, x, x, x, sums),
            () => device.AttentionForward(arguments with { Window = -1 }, x, x, x, x, sums),
            () => device.AttentionForward(arguments, x, x, x, x, sums, w.Buffer(1)),
            () => device.AttentionBackward(arguments, x, x, x, x, sums, x, x, x, x, w.Buffer(1)),
            () => device.AttentionBackward(arguments with { KeyValueHeads = 1 }, x, shared, shared, x, sums, x, x, x, shared),
            () => device.AttentionBackward(arguments, x, x, x, x, sums, other, x, x, x),
            () => device.AttentionBackward(arguments, x, x, x, x, sums, x, other, x, x),
            () => device.AttentionBackward(arguments, x, x, x, x, sums, x, x, x, other),
            () => device.EmbeddingForward(w.Buffer(new int[19]), words, null, 10, x),
            () => device.EmbeddingForward(ids, w.Dense(new Matrix(7, 5)), null, 10, x),
            () => device.EmbeddingForward(ids, words, w.Dense(new Matrix(9, 4)), 10, x),
            () => device.EmbeddingForward(ids, words, w.Dense(new Matrix(10, 5)), 10, x),
            () => device.EmbeddingForward(ids, words, null, 0, x),
            () => device.EmbeddingBackward(ids, x, 10, words, w.Dense(new Matrix(9, 4))),
        ];
    });

    [Theory]
    [EveryDevice]
    public void Attention_over_kept_keys_that_do_not_fit_is_refused(DeviceFamily family) => Check(family, (device, w) =>
    {
        DeviceMatrix x = w.Activations(4, 1);
        DeviceMatrix wider = w.Activations(4, 2);
        DeviceMatrix taller = w.Activations(5, 1);
        DeviceMatrix kept = w.Activations(4, 20);
        DeviceMatrix other = w.Activations(4, 19);
        AttentionDecodeArguments arguments = new(Position: 18, Heads: 2, HeadSize: 2, Scale: 1);
        return
        [
            () => device.AttentionDecode(arguments, wider, x, x, kept, kept, x),
            () => device.AttentionDecode(arguments, x, taller, x, kept, kept, x),
            () => device.AttentionDecode(arguments, x, x, wider, kept, kept, x),
            () => device.AttentionDecode(arguments, x, x, x, kept, other, x),
            () => device.AttentionDecode(arguments, x, x, x, w.Activations(5, 20), kept, x),
            () => device.AttentionDecode(arguments, x, x, x, kept, kept, taller),
            () => device.AttentionDecode(arguments with { Position = 20 }, x, x, x, kept, kept, x),
            () => device.AttentionDecode(arguments with { Position = -1 }, x, x, x, kept, kept, x),
            () => device.AttentionDecode(arguments with { Heads = 3 }, x, x, x, kept, kept, x),
            () => device.AttentionDecode(arguments with { HeadSize = 0 }, x, x, x, kept, kept, x),
            () => device.AttentionDecode(arguments with { Scale = 0 }, x, x, x, kept, kept, x),
            () => device.AttentionDecode(arguments with { KeyValueHeads = 1 }, x, x, x, kept, kept, x),
            () => device.AttentionDecode(arguments with { KeyValueHeads = -2 }, x, x, x, kept, kept, x),
            () => device.AttentionDecode(arguments with { Window = -1 }, x, x, x, kept, kept, x),
            () => device.AttentionDecode(arguments, x, x, x, kept, kept, x, w.Buffer(1)),
        ];
    });

    [Theory]
    [EveryDevice]
    public void Memory_of_no_device_or_of_another_kind_is_refused(DeviceFamily family)
    {
        DeviceFamily otherKind = family < DeviceFamily.IlgpuCpu ? DeviceFamily.IlgpuCpu : DeviceFamily.HostVector128;
        using BorrowedDevices others = DevicePool.Borrow(otherKind);
        using Workspace other = new(others.All[0], poisoned: false);
        Check(family, (device, w) =>
        {
            DeviceMatrix x = w.Activations(4, 20);
            DeviceMatrix foreign = other.Activations(4, 20);
            DeviceBuffer<float> features = w.Buffer(4);
            DeviceSum sum = w.Sum(0);
            UpdateScale scale = w.Own(new UpdateScale(device));
            CsrPattern pattern = new Inputs(1).Pattern(4, 4, 0.5);
            CsrMatrix weight = new(w.Pattern(pattern), w.Buffer(pattern.NonZeros));
            return
            [
                () => device.Add(x, foreign),
                () => device.Add(default, default),
                () => device.AddBias(x, null!),
                () => device.AddBias(x, other.Buffer(4)),
                () => device.AddSum(null!, sum),
                () => device.AddSum(features, null!),
                () => device.AddSum(features, other.Sum(0)),
                () => device.AdamStep(default, null!, features, features, features, features),
                () => device.SgdStep(default, scale, null!, features, null),
                () => device.Spmm(default, x, x, null),
                () => device.Spmm(weight with { Pattern = other.Pattern(pattern) }, x, x, null),
                () => device.Spmm(weight with { Values = other.Buffer(pattern.NonZeros) }, x, x, null),
            ];
        });
    }

    [Theory]
    [EveryDevice]
    public void Matrices_outside_their_buffers_are_refused(DeviceFamily family) => Check(family, (device, w) =>
    {
        DeviceMatrix x = w.Activations(4, 20);
        DeviceMatrix dense = w.Dense(new Matrix(4, 20));
        return
        [
            () => device.Add(x with { Rows = 6 }, x with { Rows = 6 }),
            () => device.Add(x with { Offset = x.Buffer.Length }, x),
            () => device.Add(x with { Offset = -x.Stride }, x),
            () => device.Add(x with { Offset = x.Offset + 1 }, x),
            () => device.Add(x with { Stride = 16 }, x),
            () => device.Add(dense, x),
            () => device.Gemm(GemmLayout.Normal, dense with { Rows = 5 }, x, x, accumulate: false),
            () => device.Gemm(GemmLayout.Normal, dense with { Stride = int.MaxValue }, w.Activations(20, 20), x, accumulate: false),
        ];
    });

    [Theory]
    [EveryDevice]
    public void Columns_from_a_64_byte_line_on_are_activations_too(DeviceFamily family)
    {
        Inputs inputs = new(1);
        CsrPattern pattern = inputs.Pattern(6, 5, 0.5);
        double[] values = inputs.Vector(pattern.NonZeros);
        Matrix x = inputs.Matrix(5, 35);
        using BorrowedDevices devices = DevicePool.Borrow(family);
        ComputeDevice device = devices.All[0];
        using Workspace w = new(device, poisoned: false);
        CsrMatrix weight = new(w.Pattern(pattern), w.Buffer(values));
        DeviceMatrix all = w.Activations(6, 35);
        DeviceMatrix last = w.Activations(6, 3);

        DeviceMatrix input = w.Activations(x);
        device.Spmm(weight, input, all, null);
        device.Spmm(weight, input with { Offset = input.Offset + 32, Columns = 3 }, last, null);

        Assert.Equal(Workspace.Read(all).Where((_, i) => i % 35 >= 32), Workspace.Read(last));
        device.Add(last, all with { Offset = all.Offset + 32, Columns = 3 });
        Assert.Equal(Workspace.Read(last).Select(value => value + value), Workspace.Read(all).Where((_, i) => i % 35 >= 32));
    }

    [Fact]
    public void Matrices_and_their_row_ranges_lie_within_what_they_are_made_from()
    {
        using ComputeDevice device = HostDevice.Create(1);
        using DeviceBuffer<float> buffer = device.Allocate<float>(12);
        Assert.Throws<ArgumentException>(() => DeviceMatrix.Dense(buffer, 3, 5));
        DeviceMatrix matrix = DeviceMatrix.Dense(buffer, 3, 4);
        Assert.Equal(new DeviceMatrix(buffer, 4, 2, 4, 4), matrix.RowRange(1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.RowRange(-1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.RowRange(2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.RowRange(1, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.RowRange(1, int.MaxValue));
    }

    internal static void Check(DeviceFamily family, Func<ComputeDevice, Workspace, Action[]> calls)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        ComputeDevice device = devices.All[0];
        using Workspace workspace = new(device, poisoned: false);
        Action[] actions = calls(device, workspace);
        for (int i = 0; i < actions.Length; i++)
        {
            Exception? error = Record.Exception(actions[i]);
            Assert.True(error is ArgumentException, $"call {i}: {error?.ToString() ?? "no exception"}");
        }
    }
}
