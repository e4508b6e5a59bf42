using System.Diagnostics;
using SparseEngine.Kernels.Devices.Profiling;

namespace SparseEngine.Kernels.Devices;

/// <summary>Owns memory and runs operations on it. Models and training are written once against this class.</summary>
/// <remarks>
/// Every operation checks shapes and throws <see cref="ArgumentException"/> where they do not fit, before anything is computed. Results are
/// bit-identical from run to run on one device, whatever the number of threads.
/// A device is used by one thread at a time, but for <see cref="ForEach"/> and <see cref="ForRanges"/>.
/// Matrices named x, y, dx, dy are activations [features, tokens]. "accumulate" adds to what the output holds;
/// without it the output's old contents, NaN included, do not matter.
/// An operation is checked and timed here, once for all devices; a device implements its Core, which may rely on the checks.
/// </remarks>
public abstract partial class ComputeDevice : IDisposable
{
    private protected ComputeDevice()
    {
    }

    /// <summary>What this device is, for people: "host, AVX2, 2 threads".</summary>
    public abstract string Description { get; }

    /// <summary>The number of cores that work is partitioned for.</summary>
    public abstract int Cores { get; }

    /// <summary>Whether operations are only queued when they return, so that reading a result waits for all that was asked for before.</summary>
    public abstract bool IsAsynchronous { get; }

    /// <summary>Tokens of a pass through a model above which more of them cost memory for activations and gain no speed.</summary>
    public virtual int PassTokens => int.MaxValue;

    /// <summary>Where the times of operations are written down; null, which it is at first, for nowhere.</summary>
    /// <remarks>With a profile each operation is waited for, which on a GPU takes away what runs side by side.</remarks>
    public Profile? Profile { get; set; }

    /// <summary>
    /// Calls <paramref name="work"/> for every item, and returns when all is done. On the host the device's own threads take one item after the
    /// other, several at a time, or all threads one item, whose operations they share; elsewhere, and with a profile, items go one by one. No result
    /// may depend on that.
    /// </summary>
    /// <remarks>
    /// The work may call Allocate, Prepare, SelectMask, UpdateMask, Compress, Transfer and ForRanges, copy buffers and dispose them: nothing else of
    /// the device. What an item throws reaches the caller, and items that had not begun by then are left out.
    /// </remarks>
    /// <param name="sizes">How much there is to do for each item, in any unit.</param>
    /// <param name="work">What is done for each, which is told apart by its index.</param>
    public virtual void ForEach(ReadOnlySpan<long> sizes, Action<int> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        for (int i = 0; i < sizes.Length; i++)
        {
            work(i);
        }
    }

    /// <summary>
    /// Calls <paramref name="work"/> for ranges that make up [0, <paramref name="count"/>), on the host's threads side by side where they are not
    /// busy with other items. It is for what is computed without the device.
    /// </summary>
    /// <param name="count">The number of rows, or of what else there is.</param>
    /// <param name="multiple">What each range starts at a multiple of.</param>
    /// <param name="work">Called with a first one and an end.</param>
    public virtual void ForRanges(int count, int multiple, Action<int, int> work)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(multiple, 1);
        ArgumentNullException.ThrowIfNull(work);
        work(0, count);
    }

    /// <summary>Waits until all operations asked for are done.</summary>
    public virtual void Wait()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the device.</summary>
    protected abstract void Dispose(bool disposing);

    /// <summary>When the operation begins, where that is asked for.</summary>
    private long Begin() => Profile is null ? 0 : Stopwatch.GetTimestamp();

    /// <summary>The profile, after the operation is done. Without one the caller's <c>?.</c> spares it all that it would write down.</summary>
    private Profile? Done()
    {
        if (Profile is not null)
        {
            Wait();
        }

        return Profile;
    }
}
