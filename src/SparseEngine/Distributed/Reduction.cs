namespace SparseEngine.Distributed;

/// <summary>Numbers that are added up over the ranks while this process computes on: filled, started, waited for, read, and filled again.</summary>
public abstract class Reduction : IDisposable
{
    private protected Reduction(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);

        // Whoever carries them gets an address, and a GPU may lock the pages.
        Values = GC.AllocateArray<float>(capacity, pinned: true);
    }

    /// <summary>
    /// This rank's numbers, and after <see cref="Wait"/> the sums. The garbage collector does not move it. Between the two it is nobody's.
    /// </summary>
    public float[] Values { get; }

    /// <summary>When <see cref="Start"/> was called last, in ticks of <see cref="System.Diagnostics.Stopwatch"/>.</summary>
    public long Started { get; private protected set; }

    /// <summary>When the last sum was there, in the same ticks, whether or not somebody waited for it.</summary>
    public long Ended { get; private protected set; }

    /// <summary>Begins to add up the first <paramref name="count"/> numbers. Returns at once.</summary>
    /// <param name="count">How many; the same in all ranks, which start their sums in the same order.</param>
    public abstract void Start(int count);

    /// <summary>Waits until the sums are in <see cref="Values"/>.</summary>
    public abstract void Wait();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the memory.</summary>
    protected abstract void Dispose(bool disposing);
}
