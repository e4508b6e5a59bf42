namespace SparseEngine.Kernels.Host;

/// <summary>
/// Lets the parts of a parallel loop that add to the same result do so one after the other, in the order of their indices: sums do not depend on
/// the number of workers.
/// </summary>
/// <remarks>
/// A part waits for parts with lower indices, and parts are begun in ascending order (<see cref="WorkerPool.RunInOrder"/>): of those not done, the
/// lowest never waits.
/// </remarks>
internal sealed class Turns
{
    // Some hundred microseconds: far longer than a turn takes.
    private const int SpinsBeforeSleep = 200;

    private int[] passed = [];
    private volatile bool abandoned;

    /// <summary>Before the loop: nobody has had a turn at any of so many results.</summary>
    public void Begin(int results)
    {
        abandoned = false;
        if (passed.Length < results)
        {
            passed = new int[results];
        }

        passed.AsSpan().Clear();
    }

    /// <summary>Waits until as many parts have passed a result on.</summary>
    public void Await(int result, int turn)
    {
        SpinWait spin = default;
        while (Volatile.Read(ref passed[result]) < turn && !abandoned)
        {
            // The thread whose turn it is may have lost its core, perhaps to this one.
            spin.SpinOnce(sleep1Threshold: SpinsBeforeSleep);
        }
    }

    /// <summary>Ends a part's turn.</summary>
    public void Pass(int result) => Volatile.Write(ref passed[result], passed[result] + 1);

    /// <summary>Lets everyone go on when a part fails: the loop's results are lost, and no other part begins.</summary>
    public void Abandon() => abandoned = true;
}
