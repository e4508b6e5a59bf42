using SparseEngine.Distributed;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.DataParallel;

/// <summary>Pieces of gradients that are added up together.</summary>
internal sealed class GradientBucket(Reduction sum, ComputeDevice device) : IDisposable
{
    private readonly List<Piece> pieces = [];
    private readonly IDisposable pages = device.LockPages(sum.Values);

    /// <summary>The numbers.</summary>
    public Reduction Sum => sum;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    public bool IsFull => Count == sum.Values.Length;

    /// <summary>Copies as much of a gradient as there is room for; the copy is there when the device was waited for.</summary>
    /// <param name="gradient">The gradient.</param>
    /// <param name="offset">Its first element to copy.</param>
    /// <returns>How many elements were copied.</returns>
    public int Add(DeviceBuffer<float> gradient, int offset)
    {
        Piece piece = new(gradient, offset, Count, Math.Min(gradient.Length - offset, sum.Values.Length - Count));
        gradient.CopyTo(piece.In(sum), offset);
        pieces.Add(piece);
        Count += piece.Length;
        return piece.Length;
    }

    /// <summary>Copies the sums to where the numbers came from, and is empty.</summary>
    public void PutBack()
    {
        foreach (Piece piece in pieces)
        {
            piece.Gradient.CopyFrom(piece.In(sum), piece.Offset);
        }

        pieces.Clear();
        Count = 0;
    }

    public void Dispose()
    {
        pages.Dispose();
        sum.Dispose();
    }

    /// <summary>A part of a gradient and its place among the numbers.</summary>
    private readonly record struct Piece(DeviceBuffer<float> Gradient, int Offset, int Place, int Length)
    {
        public Span<float> In(Reduction sum) => sum.Values.AsSpan(Place, Length);
    }
}
