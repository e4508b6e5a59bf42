using SparseEngine.Data;
using SparseEngine.Distributed;

namespace SparseEngine.Training;

/// <summary>Makes training steps that change no weights, at a learning rate of 0, and times them. All ranks stop after the same step.</summary>
internal sealed class TimedSteps(RunContext context, BatchLoader loader, TrainingParts parts)
{
    // On a device that computes while the host goes on, figures are read at least so often.
    private const int MostUnread = 16;

    private readonly Batch batch = new(loader.ShareSize, loader.SequenceLength);
    private long samples;

    /// <summary>Whether a rank has been asked to stop.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Makes steps for a time, two at least.</summary>
    /// <returns>The seconds of one.</returns>
    public double Time(double seconds, CancellationToken stop)
    {
        long began = context.Clock.GetTimestamp();
        int count = 0;
        int often = context.Device.IsAsynchronous ? Math.Min(MostUnread, context.Parameters.RunConfig.LogSteps) : 1;
        do
        {
            Make(changeAfter: null);
            count++;
            if (count % often == 0)
            {
                parts.Step.Read();
            }
        }
        while (GoesOn(count < 2 || SecondsSince(began) < seconds, stop));

        parts.Step.Read();
        return SecondsSince(began) / count;
    }

    /// <summary>Makes one step.</summary>
    /// <param name="stop">Whether this rank is asked to stop.</param>
    /// <param name="changeAfter">The number of steps after which masks change as they do after it; null where they do not.</param>
    /// <returns>Its seconds.</returns>
    public double TimeOne(CancellationToken stop, int? changeAfter = null)
    {
        long began = context.Clock.GetTimestamp();
        Make(changeAfter);
        GoesOn(false, stop);
        return SecondsSince(began);
    }

    private double SecondsSince(long began) => context.Clock.GetElapsedTime(began).TotalSeconds;

    private void Make(int? changeAfter)
    {
        loader.Load(samples, batch);
        samples += loader.BatchSize;
        (long counted, _) = parts.Step.Begin(batch, CancellationToken.None);
        if (changeAfter is { } step)
        {
            parts.Masks.Prepare(step);
        }

        parts.Step.Run(batch, step: 0, learningRate: 0, checkValues: false, Math.Max(1, counted));
        if (changeAfter is { } change)
        {
            parts.Step.Read();
            parts.Masks.Update(change);
        }
    }

    /// <summary>The first rank's clock decides for all.</summary>
    private bool GoesOn(bool wants, CancellationToken stop)
    {
        Communicator ranks = context.Ranks;
        Span<double> votes = [ranks.IsFirst && wants ? 1 : 0, stop.IsCancellationRequested ? 1 : 0];
        if (!ranks.IsAlone)
        {
            ranks.Sum(votes);
        }

        IsStopped |= votes[1] > 0;
        return votes[0] > 0 && !IsStopped;
    }
}
