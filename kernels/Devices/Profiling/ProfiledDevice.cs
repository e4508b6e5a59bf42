using System.Diagnostics;
using SparseEngine.Kernels.RandomNumbers;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Devices.Profiling;

/// <summary>Another device, with a clock: each operation is timed until it is done, which on a GPU takes away what runs side by side.</summary>
/// <param name="device">The device that computes. It stays its owner's.</param>
public sealed class ProfiledDevice(ComputeDevice device) : ComputeDevice
{
    /// <summary>The times so far.</summary>
    public Profile Profile { get; } = new();

    /// <inheritdoc/>
    public override string Description => device.Description;

    /// <inheritdoc/>
    public override int Cores => device.Cores;

    /// <inheritdoc/>
    public override bool IsAsynchronous => device.IsAsynchronous;

    /// <inheritdoc/>
    public override int PassTokens => device.PassTokens;

    /// <inheritdoc/>
    public override DeviceBuffer<T> Allocate<T>(int length) => device.Allocate<T>(length);

    /// <inheritdoc/>
    public override DeviceMatrix AllocateActivations(int features, int tokens) => device.AllocateActivations(features, tokens);

    /// <inheritdoc/>
    public override DeviceSum AllocateSum() => device.AllocateSum();

    /// <inheritdoc/>
    public override void Wait() => device.Wait();

    /// <inheritdoc/>
    public override bool ComputesDense(SparseProduct product, int rows, int columns, long nonZeros, int tokens) =>
        device.ComputesDense(product, rows, columns, nonZeros, tokens);

    /// <inheritdoc/>
    public override (CsrPattern Pattern, DeviceBuffer<float> Values) Compress(DeviceBuffer<float> dense, DeviceBuffer<byte> keep, int rows, int columns) =>
        device.Compress(dense, keep, rows, columns);

    /// <inheritdoc/>
    public override SparsePattern Prepare(CsrPattern csr, RowPartition rows, RowPartition columns) => device.Prepare(csr, rows, columns);

    /// <inheritdoc/>
    public override void SelectMask(in MaskArguments arguments, DeviceBuffer<float> weight, DeviceBuffer<byte> keep)
    {
        long start = Stopwatch.GetTimestamp();
        device.SelectMask(arguments, weight, keep);
        End("select mask", OperationKind.Setup, start, 0, (Length(weight), 0, 0));
    }

    /// <inheritdoc/>
    public override void Spmm(in CsrMatrix weight, in DeviceMatrix x, in DeviceMatrix y, DeviceBuffer<float>? bias)
    {
        long start = Stopwatch.GetTimestamp();
        device.Spmm(weight, x, y, bias);
        End("SpMM", OperationKind.Linear, start, Flops(SparseProduct.Spmm, weight.Pattern, x.Columns), (weight.Rows, weight.Columns, x.Columns));
    }

    /// <inheritdoc/>
    public override void SpmmTransposed(in CsrMatrix weight, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate)
    {
        long start = Stopwatch.GetTimestamp();
        device.SpmmTransposed(weight, dy, dx, accumulate);
        End("transposed SpMM", OperationKind.Linear, start, Flops(SparseProduct.SpmmTransposed, weight.Pattern, dy.Columns), (weight.Rows, weight.Columns, dy.Columns));
    }

    /// <inheritdoc/>
    public override void Sddmm(SparsePattern pattern, in DeviceMatrix dy, in DeviceMatrix x, DeviceBuffer<float> gradient, bool accumulate)
    {
        long start = Stopwatch.GetTimestamp();
        device.Sddmm(pattern, dy, x, gradient, accumulate);
        End("SDDMM", OperationKind.Linear, start, Flops(SparseProduct.Sddmm, pattern, x.Columns), (dy.Rows, x.Rows, x.Columns));
    }

    /// <inheritdoc/>
    public override void Gemm(GemmLayout layout, in DeviceMatrix a, in DeviceMatrix b, in DeviceMatrix c, bool accumulate)
    {
        long start = Stopwatch.GetTimestamp();
        device.Gemm(layout, a, b, c, accumulate);
        End("GEMM", OperationKind.Linear, start, 2.0 * c.Rows * c.Columns * Depth(layout, a), (c.Rows, c.Columns, Depth(layout, a)));
    }

    /// <inheritdoc/>
    public override void AddBias(in DeviceMatrix y, DeviceBuffer<float> bias)
    {
        long start = Stopwatch.GetTimestamp();
        device.AddBias(y, bias);
        End("bias", OperationKind.Linear, start, 0, (y.Rows, y.Columns, 0));
    }

    /// <inheritdoc/>
    public override void RowSums(in DeviceMatrix dy, DeviceBuffer<float> sums, bool accumulate)
    {
        long start = Stopwatch.GetTimestamp();
        device.RowSums(dy, sums, accumulate);
        End("bias gradient", OperationKind.Linear, start, 0, (dy.Rows, dy.Columns, 0));
    }

    /// <inheritdoc/>
    public override void Add(in DeviceMatrix x, in DeviceMatrix y)
    {
        long start = Stopwatch.GetTimestamp();
        device.Add(x, y);
        End("residual", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    /// <inheritdoc/>
    public override void ActivationForward(Activation activation, in DeviceMatrix x, in DeviceMatrix y)
    {
        long start = Stopwatch.GetTimestamp();
        device.ActivationForward(activation, x, y);
        End("activation", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    /// <inheritdoc/>
    public override void ActivationBackward(Activation activation, in DeviceMatrix x, in DeviceMatrix dy, in DeviceMatrix dx)
    {
        long start = Stopwatch.GetTimestamp();
        device.ActivationBackward(activation, x, dy, dx);
        End("activation gradient", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    /// <inheritdoc/>
    public override void LayerNormForward(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float> bias, float epsilon, in DeviceMatrix y, DeviceBuffer<float> mean, DeviceBuffer<float> inverseDeviation)
    {
        long start = Stopwatch.GetTimestamp();
        device.LayerNormForward(x, weight, bias, epsilon, y, mean, inverseDeviation);
        End("LayerNorm", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    /// <inheritdoc/>
    public override void LayerNormBackward(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float> mean, DeviceBuffer<float> inverseDeviation, in DeviceMatrix dy,
        in DeviceMatrix dx, bool accumulate, DeviceBuffer<float> weightGradient, DeviceBuffer<float> biasGradient)
    {
        long start = Stopwatch.GetTimestamp();
        device.LayerNormBackward(x, weight, mean, inverseDeviation, dy, dx, accumulate, weightGradient, biasGradient);
        End("LayerNorm gradient", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    /// <inheritdoc/>
    public override void AttentionForward(
        in AttentionArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix output, DeviceBuffer<float> logSumExp)
    {
        long start = Stopwatch.GetTimestamp();
        device.AttentionForward(arguments, q, k, v, output, logSumExp);
        End("attention", OperationKind.Other, start, Flops(arguments), (q.Rows, q.Columns, arguments.Sequence));
    }

    /// <inheritdoc/>
    public override void AttentionBackward(
        in AttentionArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix output, DeviceBuffer<float> logSumExp,
        in DeviceMatrix outputGradient, in DeviceMatrix dq, in DeviceMatrix dk, in DeviceMatrix dv)
    {
        long start = Stopwatch.GetTimestamp();
        device.AttentionBackward(arguments, q, k, v, output, logSumExp, outputGradient, dq, dk, dv);
        End("attention gradient", OperationKind.Other, start, 2 * Flops(arguments), (q.Rows, q.Columns, arguments.Sequence));
    }

    /// <inheritdoc/>
    public override void AttentionDecode(
        in AttentionDecodeArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix keys, in DeviceMatrix values, in DeviceMatrix output)
    {
        long start = Stopwatch.GetTimestamp();
        device.AttentionDecode(arguments, q, k, v, keys, values, output);
        End("cached attention", OperationKind.Other, start, Flops(arguments), (q.Rows, arguments.Position + 1, 0));
    }

    /// <inheritdoc/>
    public override void EmbeddingForward(DeviceBuffer<int> ids, in DeviceMatrix wordTable, DeviceMatrix? positionTable, int sequence, in DeviceMatrix x)
    {
        long start = Stopwatch.GetTimestamp();
        device.EmbeddingForward(ids, wordTable, positionTable, sequence, x);
        End("embedding", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    /// <inheritdoc/>
    public override void EmbeddingBackward(
        DeviceBuffer<int> ids, in DeviceMatrix dx, int sequence, in DeviceMatrix wordGradient, DeviceMatrix? positionGradient)
    {
        long start = Stopwatch.GetTimestamp();
        device.EmbeddingBackward(ids, dx, sequence, wordGradient, positionGradient);
        End("embedding gradient", OperationKind.Other, start, 0, (dx.Rows, dx.Columns, 0));
    }

    /// <inheritdoc/>
    public override void SoftmaxCrossEntropy(
        in DeviceMatrix logits, DeviceBuffer<int> labels, DeviceBuffer<float> weights, DeviceBuffer<float> losses, DeviceBuffer<float> hits, float? gradientScale)
    {
        long start = Stopwatch.GetTimestamp();
        device.SoftmaxCrossEntropy(logits, labels, weights, losses, hits, gradientScale);
        End("loss", OperationKind.Other, start, 0, (logits.Rows, logits.Columns, 0));
    }

    /// <inheritdoc/>
    public override void Dropout(in DeviceMatrix x, float rate, DropoutKey key)
    {
        long start = Stopwatch.GetTimestamp();
        device.Dropout(x, rate, key);
        End("dropout", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    /// <inheritdoc/>
    public override void AddSum(DeviceBuffer<float> values, DeviceSum sum)
    {
        long start = Stopwatch.GetTimestamp();
        device.AddSum(values, sum);
        End("sum", OperationKind.Other, start, 0, (Length(values), 0, 0));
    }

    /// <inheritdoc/>
    public override void AddSumOfSquares(DeviceBuffer<float> values, DeviceSum sum)
    {
        long start = Stopwatch.GetTimestamp();
        device.AddSumOfSquares(values, sum);
        End("gradient norm", OperationKind.Other, start, 0, (Length(values), 0, 0));
    }

    /// <inheritdoc/>
    public override void ClipByGlobalNorm(in ClipArguments arguments, DeviceSum loss, DeviceSum squaredNorm, UpdateScale scale)
    {
        long start = Stopwatch.GetTimestamp();
        device.ClipByGlobalNorm(arguments, loss, squaredNorm, scale);
        End("clip", OperationKind.Other, start, 0, default);
    }

    /// <inheritdoc/>
    public override void AdamStep(
        in AdamArguments arguments, UpdateScale scale, DeviceBuffer<float> weight, DeviceBuffer<float> gradient, DeviceBuffer<float> firstMoment, DeviceBuffer<float> secondMoment)
    {
        long start = Stopwatch.GetTimestamp();
        device.AdamStep(arguments, scale, weight, gradient, firstMoment, secondMoment);
        End("optimizer", OperationKind.Other, start, 0, (Length(weight), 0, 0));
    }

    /// <inheritdoc/>
    public override void SgdStep(in SgdArguments arguments, UpdateScale scale, DeviceBuffer<float> weight, DeviceBuffer<float> gradient, DeviceBuffer<float>? velocity)
    {
        long start = Stopwatch.GetTimestamp();
        device.SgdStep(arguments, scale, weight, gradient, velocity);
        End("optimizer", OperationKind.Other, start, 0, (Length(weight), 0, 0));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }

    private static int Length(DeviceBuffer<float> buffer) => buffer?.Length ?? 0;

    private static int Depth(GemmLayout layout, in DeviceMatrix a) => layout == GemmLayout.TransposedA ? a.Rows : a.Columns;

    // A score and a value for each causal pair.
    private static double Flops(in AttentionArguments arguments) =>
        2.0 * arguments.Batch * arguments.Heads * arguments.HeadSize * arguments.Sequence * (arguments.Sequence + 1.0);

    private static double Flops(in AttentionDecodeArguments arguments) => 4.0 * arguments.Heads * arguments.HeadSize * (arguments.Position + 1.0);

    private double Flops(SparseProduct product, SparsePattern pattern, int tokens)
    {
        CsrPattern csr = pattern.Csr;
        bool dense = device.ComputesDense(product, csr.Rows, csr.ColumnCount, csr.NonZeros, tokens);
        return 2.0 * tokens * (dense ? (double)csr.Rows * csr.ColumnCount : csr.NonZeros);
    }

    private void End(string name, OperationKind kind, long start, double flops, (int A, int B, int C) shape)
    {
        device.Wait();
        Profile.Add(name, kind, start, flops, shape);
    }
}
