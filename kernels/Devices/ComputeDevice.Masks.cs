using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Devices;

/// <content>Masks, and the sparse rows that they make of a dense weight.</content>
public abstract partial class ComputeDevice
{
    /// <summary>Chooses which elements of a weight stay, in one group, as <see cref="MaskArguments"/> does on the host.</summary>
    /// <param name="arguments">How they are chosen.</param>
    /// <param name="weight">The weight's elements, row-major.</param>
    /// <param name="keep">Receives 1 for an element that stays, else 0.</param>
    public void SelectMask(in MaskArguments arguments, DeviceBuffer<float> weight, DeviceBuffer<byte> keep)
    {
        ArgumentNullException.ThrowIfNull(weight);
        arguments.RequireOneGroup();
        SelectMask(arguments, 1, weight.Length, weight, keep);
    }

    /// <summary>Chooses which elements of a weight stay, as <see cref="MaskArguments"/> does on the host.</summary>
    /// <param name="arguments">How they are chosen.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="weight">The weight's elements, row-major.</param>
    /// <param name="keep">Receives 1 for an element that stays, else 0.</param>
    public void SelectMask(in MaskArguments arguments, int rows, int columns, DeviceBuffer<float> weight, DeviceBuffer<byte> keep)
    {
        RequireElements(weight, rows, columns);
        RequireElements(keep, rows, columns);
        arguments.Check(rows, columns);
        long start = Begin();
        SelectMaskCore(arguments, rows, columns, weight, keep);
        Done()?.Add("select mask", OperationKind.Setup, start, 0, (rows * columns, 0, 0));
    }

    /// <summary>Moves the mask of a weight, as <see cref="MaskUpdate"/> says.</summary>
    /// <param name="update">How it moves.</param>
    /// <param name="pattern">The elements alive before, or null for all.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="values">The values of the elements alive, in the pattern's order.</param>
    /// <param name="scores">
    /// One float an element, which the device works in: for <see cref="MaskGrowth.Gradient"/> the dense gradient [rows, columns]. Overwritten.
    /// </param>
    /// <param name="keep">One byte an element; receives 1 for an element that is alive, else 0.</param>
    public void UpdateMask(
        in MaskUpdate update, SparsePattern? pattern, int rows, int columns, DeviceBuffer<float> values, DeviceBuffer<float> scores,
        DeviceBuffer<byte> keep)
    {
        RequireElements(scores, rows, columns);
        RequireElements(keep, rows, columns);
        RequireShape(pattern?.Csr, rows, columns);
        RequireLength(values, pattern?.Csr.NonZeros ?? (rows * columns));
        update.Check(rows, columns);
        long start = Begin();
        UpdateMaskCore(update, pattern?.Csr, rows, columns, values, scores, keep);
        Done()?.Add("update mask", OperationKind.Other, start, 0, (rows, columns, 0));
    }

    /// <summary>The pattern of the kept elements of a weight.</summary>
    /// <param name="keep">1 for an element that is kept, else 0; row-major.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    public CsrPattern Compress(DeviceBuffer<byte> keep, int rows, int columns)
    {
        RequireElements(keep, rows, columns);
        long start = Begin();
        CsrPattern pattern = CompressCore(keep, rows, columns);
        Done()?.Add("compress mask", OperationKind.Other, start, 0, (rows, columns, 0));
        return pattern;
    }

    /// <summary>Compresses the kept elements of a dense row-major matrix to sparse rows.</summary>
    /// <param name="dense">The matrix [rows, columns]. A kept element that is not finite becomes 0.</param>
    /// <param name="keep">1 for an element that is kept, else 0.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <returns>The pattern of the kept elements, and their values on the device.</returns>
    public (CsrPattern Pattern, DeviceBuffer<float> Values) Compress(DeviceBuffer<float> dense, DeviceBuffer<byte> keep, int rows, int columns)
    {
        RequireElements(dense, rows, columns);
        RequireElements(keep, rows, columns);
        return CompressCore(dense, keep, rows, columns);
    }

    /// <summary>Pairs the pattern that a weight has with another one, for the transfer of all that is stored in its order.</summary>
    /// <param name="from">The elements that are there before, in the order of their places; null for all, row-major.</param>
    /// <param name="to">The elements that are there after; null for all.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    public PatternPair Pair(CsrPattern? from, CsrPattern? to, int rows, int columns)
    {
        RequireShape(from, rows, columns);
        RequireShape(to, rows, columns);
        return PairCore(from, to, rows, columns);
    }

    /// <summary>
    /// Brings one number an element from the places of one pattern to those of another, bit for bit; an element that the first does not hold becomes
    /// 0.
    /// </summary>
    /// <param name="patterns">The patterns, paired by this device.</param>
    /// <param name="source">The numbers.</param>
    /// <param name="destination">Another buffer, which receives them.</param>
    public void Transfer(PatternPair patterns, DeviceBuffer<float> source, DeviceBuffer<float> destination)
    {
        ArgumentNullException.ThrowIfNull(patterns);
        RequireLength(source, patterns.From?.NonZeros ?? ((long)patterns.Rows * patterns.Columns));
        RequireLength(destination, patterns.To?.NonZeros ?? ((long)patterns.Rows * patterns.Columns));
        if (ReferenceEquals(source, destination))
        {
            throw new ArgumentException("the numbers must go to another buffer", nameof(destination));
        }

        long start = Begin();
        TransferCore(patterns, source, destination);
        Done()?.Add("transfer", OperationKind.Other, start, 0, (patterns.Rows, patterns.Columns, 0));
    }

    /// <summary>The same for one buffer alone.</summary>
    /// <param name="from">The elements that <paramref name="source"/> holds, in the order of their places; null for all, row-major.</param>
    /// <param name="to">The elements that <paramref name="destination"/> holds; null for all.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="source">The numbers.</param>
    /// <param name="destination">Another buffer, which receives them.</param>
    public void Transfer(
        CsrPattern? from, CsrPattern? to, int rows, int columns, DeviceBuffer<float> source, DeviceBuffer<float> destination)
    {
        using PatternPair patterns = Pair(from, to, rows, columns);
        Transfer(patterns, source, destination);
    }

    private protected abstract void SelectMaskCore(
        in MaskArguments arguments, int rows, int columns, DeviceBuffer<float> weight, DeviceBuffer<byte> keep);

    private protected abstract void UpdateMaskCore(
        in MaskUpdate update, CsrPattern? pattern, int rows, int columns, DeviceBuffer<float> values, DeviceBuffer<float> scores,
        DeviceBuffer<byte> keep);

    private protected abstract CsrPattern CompressCore(DeviceBuffer<byte> keep, int rows, int columns);

    private protected abstract (CsrPattern Pattern, DeviceBuffer<float> Values) CompressCore(
        DeviceBuffer<float> dense, DeviceBuffer<byte> keep, int rows, int columns);

    private protected virtual PatternPair PairCore(CsrPattern? from, CsrPattern? to, int rows, int columns) => new(from, to, rows, columns);

    private protected abstract void TransferCore(PatternPair patterns, DeviceBuffer<float> source, DeviceBuffer<float> destination);
}
