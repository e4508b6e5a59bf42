using System.Globalization;

namespace SparseEngine.Data;

/// <summary>Batches as a function of the data position alone, so that a resumed run sees what an unbroken one would have.</summary>
/// <remarks>
/// An epoch has as many whole batches as the samples fill; the rest is left out, with shuffling a different rest each epoch. Of each batch a loader
/// loads its share.
/// </remarks>
internal sealed class BatchLoader
{
    private readonly ISampleSource source;
    private readonly bool shuffle;
    private readonly int shuffleSeed;
    private readonly int[] order;
    private readonly int firstOfShare;
    private long orderEpoch = -1;

    /// <summary>Takes a source.</summary>
    /// <param name="source">The samples.</param>
    /// <param name="split">Which part of the data they are, for errors.</param>
    /// <param name="batchSize">Samples in a batch, all shares together.</param>
    /// <param name="shuffle">Whether each epoch has its own random order; else samples come in the source's order.</param>
    /// <param name="shuffleSeed">The seed of these orders.</param>
    /// <param name="section">What the file calls the part; null for what 1.8 calls it.</param>
    /// <param name="share">What is loaded of each batch; null for all of it.</param>
    /// <exception cref="DataException">There are fewer samples than a batch takes.</exception>
    /// <exception cref="ArgumentException">The batches do not divide into shares.</exception>
    public BatchLoader(
        ISampleSource source, DataSplit split, int batchSize, bool shuffle, int shuffleSeed, string? section = null, BatchShare? share = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        if (source.Count < batchSize)
        {
            throw new DataException(
                $"{section ?? split.Section()}: the data has {Counted.Of(source.Count, "sample")} of {Counted.Of(source.SequenceLength, "token")}, "
                + $"fewer than batch_size {batchSize}");
        }

        this.source = source;
        this.shuffle = shuffle;
        this.shuffleSeed = shuffleSeed;
        BatchSize = batchSize;
        ShareSize = (share ?? BatchShare.Whole).SizeOf(batchSize);
        firstOfShare = (share ?? BatchShare.Whole).FirstOf(batchSize);
        order = shuffle ? new int[source.Count] : [];
    }

    /// <summary>Samples in a batch, all shares together.</summary>
    public int BatchSize { get; }

    /// <summary>Samples of a batch that are loaded.</summary>
    public int ShareSize { get; }

    /// <summary>Tokens in a sample.</summary>
    public int SequenceLength => source.SequenceLength;

    /// <summary>Batches in one pass over the data.</summary>
    public int BatchesPerEpoch => source.Count / BatchSize;

    /// <summary>Samples of a pass that do not fill a batch.</summary>
    public int SamplesLeftOut => source.Count % BatchSize;

    /// <summary>Loads the share of the batch that follows <paramref name="samplesConsumed"/> samples.</summary>
    /// <param name="samplesConsumed">
    /// Samples used before: a multiple of <see cref="BatchSize"/>, unless the batch size changed, when the batch in progress starts again.
    /// </param>
    /// <param name="batch">Receives it.</param>
    /// <exception cref="DataException">A sample cannot be read.</exception>
    public void Load(long samplesConsumed, Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfNegative(samplesConsumed);
        if (batch.Size != ShareSize || batch.SequenceLength != SequenceLength)
        {
            throw new ArgumentException(
                $"the batch is for {batch.Size} x {batch.SequenceLength} tokens, {ShareSize} x {SequenceLength} are loaded", nameof(batch));
        }

        int first = PositionAfter(samplesConsumed) + firstOfShare;
        for (int b = 0; b < ShareSize; b++)
        {
            Range tokens = (b * SequenceLength)..((b + 1) * SequenceLength);
            source.Read(SampleAt(first + b), batch.InputIds.AsSpan(tokens), batch.Mask.AsSpan(tokens), batch.Labels.AsSpan(tokens));
        }
    }

    /// <summary>Names the samples of the batch that follows <paramref name="samplesConsumed"/> samples, or the first of them.</summary>
    public string Describe(long samplesConsumed)
    {
        const int shown = 8;
        int first = PositionAfter(samplesConsumed);
        IEnumerable<string> files = Enumerable.Range(first, Math.Min(BatchSize, shown))
            .Select(position => source.PlaceOf(SampleAt(position)))
            .GroupBy(place => place.File, place => place.Sample.ToString(CultureInfo.InvariantCulture))
            .Select(file => $"{(file.Count() > 1 ? "samples" : "sample")} {string.Join(", ", file)}{(file.Key is null ? "" : $" of {file.Key}")}");
        string rest = BatchSize > shown ? string.Create(CultureInfo.InvariantCulture, $"; {BatchSize - shown} more") : "";
        return string.Join("; ", files) + rest;
    }

    private int SampleAt(int position) => shuffle ? order[position] : position;

    /// <summary>The place of a batch's first sample in its epoch, whose order is made.</summary>
    private int PositionAfter(long samplesConsumed)
    {
        (long epoch, long inEpoch) = Math.DivRem(samplesConsumed / BatchSize, BatchesPerEpoch);
        ShuffleFor(epoch);
        return (int)inEpoch * BatchSize;
    }

    private void ShuffleFor(long epoch)
    {
        if (shuffle && epoch != orderEpoch)
        {
            for (int i = 0; i < order.Length; i++)
            {
                order[i] = i;
            }

            Permutation.Shuffle(order.AsSpan(), Permutation.SeedOf(shuffleSeed, epoch));
            orderEpoch = epoch;
        }
    }
}
