using System.Diagnostics;
using SparseEngine.Data;
using SparseEngine.Distributed;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.DataParallel;

/// <summary>The few numbers of a step that all ranks have to know. A process alone knows them anyway.</summary>
internal sealed class StepSums(Communicator ranks, CommunicationTimes times)
{
    private readonly double[] numbers = new double[2];

    /// <summary>Agrees on how a step begins: what any rank is asked, all do.</summary>
    /// <param name="batch">This rank's samples.</param>
    /// <param name="stop">Whether this rank is asked to stop.</param>
    /// <returns>The labels of all ranks that count, and whether all stop before the step.</returns>
    public (long CountedLabels, bool IsStopped) Begin(Batch batch, CancellationToken stop)
    {
        numbers[0] = batch.CountedLabels();
        numbers[1] = stop.IsCancellationRequested ? 1 : 0;
        Sum(numbers);
        return ((long)numbers[0], numbers[1] > 0);
    }

    /// <summary>Replaces a sum on the device by the sum of those of all ranks.</summary>
    public void Add(DeviceSum sum)
    {
        if (!ranks.IsAlone)
        {
            numbers[0] = sum.Read();
            Sum(numbers.AsSpan(0, 1));
            sum.Set(numbers[0]);
        }
    }

    private void Sum(Span<double> values)
    {
        if (!ranks.IsAlone)
        {
            long began = Stopwatch.GetTimestamp();
            ranks.Sum(values);
            times.Waited("sums of a step", began);
        }
    }
}
