using System.Globalization;

namespace SparseEngine.Distributed.Watch;

/// <summary>
/// A mutex that a process holds as long as it lives, for the other ranks of its machine: the system tells who waits for it at once when its holder is
/// killed, before it takes apart the holder's memory and only then closes its connections. MPICH's launcher kills the other ranks when it sees those
/// close, so that whoever is to tell of it must know before.
/// </summary>
internal sealed class LifeSign : IDisposable
{
    private static readonly TimeSpan ReleasePatience = TimeSpan.FromSeconds(1);
    private static readonly NamedWaitHandleOptions OfThisUser = new() { CurrentUserOnly = true, CurrentSessionOnly = false };

    private readonly ManualResetEventSlim isShown = new();
    private readonly ManualResetEventSlim isWithdrawn = new();
    private readonly Thread holder;
    private string name = string.Create(CultureInfo.InvariantCulture, $"sparse-engine-rank-{Environment.ProcessId}");

    private LifeSign() => holder = Blocking.Start("rank life sign", Hold);

    /// <summary>By which others find it; empty where this machine has no such mutexes.</summary>
    public string Name => name;

    /// <summary>Shows that this process lives.</summary>
    public static LifeSign Show()
    {
        LifeSign sign = new();
        sign.isShown.Wait();
        return sign;
    }

    /// <summary>Watches the sign of another process.</summary>
    /// <param name="name">Its name; nothing is watched where it is empty.</param>
    /// <param name="onDeath">Called, on a thread of its own, when that process ends without having withdrawn it.</param>
    public static void Watch(string name, Action onDeath)
    {
        if (name.Length > 0)
        {
            Blocking.Start("rank life watch", () => Wait(name, onDeath));
        }
    }

    /// <summary>Withdraws the sign: the end of this process is no failure from here on.</summary>
    public void Dispose()
    {
        isWithdrawn.Set();
        holder.Join(ReleasePatience);
    }

    private static void Wait(string name, Action onDeath)
    {
        try
        {
            // What is thrown for the first time takes longer than a launcher does.
            throw new AbandonedMutexException();
        }
        catch (AbandonedMutexException)
        {
        }

        try
        {
            using Mutex mutex = new(initiallyOwned: false, name, OfThisUser);
            try
            {
                mutex.WaitOne();
            }
            catch (AbandonedMutexException)
            {
                onDeath();
            }

            mutex.ReleaseMutex();
        }
        catch (Exception error) when (IsOfTheSystem(error))
        {
            // The closed connection will tell.
        }
    }

    private static bool IsOfTheSystem(Exception error) =>
        error is IOException or UnauthorizedAccessException or WaitHandleCannotBeOpenedException or PlatformNotSupportedException;

    private void Hold()
    {
        try
        {
            using Mutex mutex = new(initiallyOwned: false, name, OfThisUser);
            bool isHeld;
            try
            {
                isHeld = mutex.WaitOne(0);
            }
            catch (AbandonedMutexException)
            {
                // A process that had the same number was killed once.
                isHeld = true;
            }

            name = isHeld ? name : "";
            isShown.Set();
            isWithdrawn.Wait();
            if (isHeld)
            {
                mutex.ReleaseMutex();
            }
        }
        catch (Exception error) when (IsOfTheSystem(error))
        {
            name = "";
            isShown.Set();
        }
    }
}
