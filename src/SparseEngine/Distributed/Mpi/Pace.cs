using System.Runtime.InteropServices;

namespace SparseEngine.Distributed.Mpi;

/// <summary>
/// How often messages are looked after. While somebody waits for them a core is free, and every microsecond counts; while all compute, looking takes
/// a core from them.
/// </summary>
internal sealed class Pace
{
    // While somebody waits: looks in a row, then looks between which others may run, for as long as a message between machines takes.
    private const int Spins = 50;
    private const int Yields = 200;

    /// <summary>A pause in microseconds; the kernel adds some fifty.</summary>
    private const uint Pause = 20;

    private int waiting;
    private int fruitless;

    /// <summary>Somebody waits from here on.</summary>
    public void Enter() => Interlocked.Increment(ref waiting);

    /// <summary>And does so no more.</summary>
    public void Leave() => Interlocked.Decrement(ref waiting);

    /// <summary>Lets others run until it is time to look again.</summary>
    /// <param name="hasMoved">Whether the last look found something done.</param>
    public void Rest(bool hasMoved)
    {
        if (hasMoved)
        {
            fruitless = 0;
            return;
        }

        bool isAwaited = Volatile.Read(ref waiting) > 0;
        fruitless++;
        if (isAwaited && fruitless <= Spins)
        {
            Thread.SpinWait(10);
        }
        else if (OperatingSystem.IsWindows() || (isAwaited && fruitless <= Spins + Yields))
        {
            Thread.Yield();
        }
        else
        {
            _ = Sleep(Pause);
        }
    }

    // Thread.Sleep knows no time below a millisecond.
    [DllImport("libc", EntryPoint = "usleep")]
    private static extern int Sleep(uint microseconds);
}
