using System.Collections.Immutable;
using System.Diagnostics;
using SparseEngine.Distributed;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;

namespace SparseEngine.DataParallel;

/// <summary>Adds up the gradients of all ranks, those of the last layers while the backward pass computes those of the first ones.</summary>
/// <remarks>
/// Gradients are one stream, in the order in which the backward pass has done with them, cut into buckets wherever one is full. Sparse weights
/// send their non-zeros, and all elements where a dense gradient is collected. All ranks have the same masks, so all cut alike.
/// Memory is allocated when it is first needed.
/// </remarks>
internal sealed class GradientExchange : IDisposable
{
    /// <summary>Numbers of a bucket: 4 MiB, large enough for a network's bandwidth, small enough that the first ones leave early.</summary>
    public const int BucketLength = 1 << 20;

    /// <summary>What bounds the memory: where so many are under way, the network is what everything waits for anyway.</summary>
    public const int MostBuckets = 16;

    private readonly Communicator ranks;
    private readonly ComputeDevice device;
    private readonly int bucketLength;
    private readonly CommunicationTimes times;
    private readonly List<GradientBucket> buckets = [];
    private readonly Queue<GradientBucket> underWay = new(MostBuckets);
    private readonly Stack<GradientBucket> free = new(MostBuckets);
    private GradientBucket? filling;

    /// <param name="ranks">All ranks, several.</param>
    /// <param name="device">Where the gradients are.</param>
    /// <param name="times">Where the time that it takes is written down.</param>
    /// <param name="bucketLength">Numbers of a bucket.</param>
    public GradientExchange(Communicator ranks, ComputeDevice device, CommunicationTimes times, int bucketLength = BucketLength)
    {
        this.ranks = ranks;
        this.device = device;
        this.times = times;
        this.bucketLength = bucketLength;
        SendComplete = Send;
    }

    /// <summary><see cref="Send"/>, made once.</summary>
    public Action<ImmutableArray<Parameter>> SendComplete { get; }

    /// <summary>Takes the gradients of parameters that this rank has computed. They are sums over all ranks after <see cref="Finish"/>.</summary>
    public void Send(ImmutableArray<Parameter> parameters)
    {
        foreach (Parameter parameter in parameters)
        {
            DeviceBuffer<float> gradient = parameter.DenseGradient ?? parameter.Gradient;
            int sent = 0;
            while (sent < gradient.Length)
            {
                filling ??= Next();
                sent += filling.Add(gradient, sent);
                if (filling.IsFull)
                {
                    Start();
                }
            }
        }
    }

    /// <summary>Waits for the sums of all that was sent, and puts them in the place of the gradients.</summary>
    public void Finish()
    {
        if (filling is not null)
        {
            Start();
        }

        while (underWay.TryDequeue(out GradientBucket? bucket))
        {
            Complete(bucket);
            free.Push(bucket);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (GradientBucket bucket in buckets)
        {
            bucket.Dispose();
        }
    }

    private GradientBucket Next()
    {
        if (free.TryPop(out GradientBucket? next))
        {
            return next;
        }

        if (buckets.Count == MostBuckets)
        {
            next = underWay.Dequeue();
            Complete(next);
            return next;
        }

        next = new GradientBucket(ranks.AllocateReduction(bucketLength), device);
        buckets.Add(next);
        return next;
    }

    private void Start()
    {
        // Copies into it may only be queued.
        device.Wait();
        filling!.Sum.Start(filling.Count);
        times.Started();
        underWay.Enqueue(filling);
        filling = null;
    }

    private void Complete(GradientBucket bucket)
    {
        long began = Stopwatch.GetTimestamp();
        bucket.Sum.Wait();
        times.Waited("gradients", bucket.Sum.Started, bucket.Sum.Ended, began);
        bucket.PutBack();
    }
}
