using SparseEngine.Data;

namespace SparseEngine.Tests.Data;

public sealed class BatchLoaderTests
{
    [Fact]
    public void Without_shuffling_samples_come_in_order_and_the_incomplete_batch_is_left_out()
    {
        BatchLoader loader = new(new Numbers(7), DataSplit.Training, batchSize: 2, shuffle: false, shuffleSeed: 0);
        Assert.Equal(3, loader.BatchesPerEpoch);
        Assert.Equal([[0, 1], [2, 3], [4, 5], [0, 1]], Run(loader, from: 0, batches: 4));
    }

    [Fact]
    public void Shuffled_epochs_are_different_permutations()
    {
        BatchLoader loader = new(new Numbers(64), DataSplit.Training, batchSize: 4, shuffle: true, shuffleSeed: 3);
        int[] first = [.. Run(loader, from: 0, batches: 16).SelectMany(batch => batch)];
        int[] second = [.. Run(loader, from: 64, batches: 16).SelectMany(batch => batch)];
        Assert.Equal(Enumerable.Range(0, 64), first.Order());
        Assert.Equal(Enumerable.Range(0, 64), second.Order());
        Assert.NotEqual(first, second);
        Assert.NotEqual(Enumerable.Range(0, 64), first);
    }

    [Fact]
    public void A_run_resumed_anywhere_sees_the_same_batches()
    {
        BatchLoader unbroken = new(new Numbers(11), DataSplit.Training, batchSize: 2, shuffle: true, shuffleSeed: 9);
        int[][] all = Run(unbroken, from: 0, batches: 20);
        for (int start = 0; start < 20; start++)
        {
            BatchLoader resumed = new(new Numbers(11), DataSplit.Training, batchSize: 2, shuffle: true, shuffleSeed: 9);
            Assert.Equal(all[start..], Run(resumed, from: 2 * start, batches: 20 - start));
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(6)]
    public void Shares_make_up_the_batches_in_their_order(int count)
    {
        int[][] whole = Run(new BatchLoader(new Numbers(20), DataSplit.Training, batchSize: 6, shuffle: true, shuffleSeed: 9), from: 0, batches: 8);
        int[][][] shares =
        [
            .. Enumerable.Range(0, count).Select(index => Run(
                new BatchLoader(
                    new Numbers(20), DataSplit.Training, batchSize: 6, shuffle: true, shuffleSeed: 9, share: new BatchShare(index, count)),
                from: 0, batches: 8)),
        ];

        Assert.All(shares, share => Assert.All(share, batch => Assert.Equal(6 / count, batch.Length)));
        Assert.Equal(whole, Enumerable.Range(0, 8).Select(step => shares.SelectMany(share => share[step]).ToArray()));
    }

    [Fact]
    public void A_batch_that_does_not_divide_into_shares_is_refused() => Assert.Throws<ArgumentException>(
        () => new BatchLoader(new Numbers(20), DataSplit.Training, batchSize: 6, shuffle: true, shuffleSeed: 9, share: new BatchShare(0, 4)));

    [Fact]
    public void Another_seed_is_another_order() => Assert.NotEqual(
        Run(new BatchLoader(new Numbers(50), DataSplit.Training, 50, true, 1), 0, 1),
        Run(new BatchLoader(new Numbers(50), DataSplit.Training, 50, true, 2), 0, 1));

    [Fact]
    public void Neighbouring_seeds_and_epochs_are_unrelated_orders()
    {
        const int Count = 1000;
        int[] Order(int seed, long epoch) => Run(new BatchLoader(new Numbers(Count), DataSplit.Training, Count, true, seed), epoch * Count, 1)[0];
        int[] order = Order(1, 0);
        foreach (int[] other in new[] { Order(2, 0), Order(3, 0), Order(0, 0), Order(1, 1), Order(1, 2) })
        {
            // Of unrelated orders, 7 in 1000 places hold samples within 3 of each other; shifted copies would agree in hundreds.
            for (int shift = -3; shift <= 3; shift++)
            {
                int near = Enumerable.Range(3, Count - 6).Count(i => Math.Abs(order[i] - other[i + shift]) <= 3);
                Assert.InRange(near, 0, 40);
            }
        }
    }

    [Fact]
    public void Fewer_samples_than_a_batch_is_one_clear_line()
    {
        DataException error =
            Assert.Throws<DataException>(() => new BatchLoader(new Numbers(3), DataSplit.Training, batchSize: 4, shuffle: false, shuffleSeed: 0));
        Assert.Equal("train_input: the data has 3 samples of 2 tokens, fewer than batch_size 4", error.Message);
    }

    private static int[][] Run(BatchLoader loader, long from, int batches)
    {
        Batch batch = new(loader.ShareSize, loader.SequenceLength);
        return [.. Enumerable.Range(0, batches).Select(i =>
        {
            loader.Load(from + ((long)i * loader.BatchSize), batch);
            return batch.InputIds.Where((_, position) => position % 2 == 0).ToArray();
        })];
    }

    /// <summary>Sample i is the tokens i, i.</summary>
    private sealed class Numbers(int count) : ISampleSource
    {
        public int Count => count;

        public int SequenceLength => 2;

        public void Read(int index, Span<int> inputIds, Span<int> mask, Span<int> labels)
        {
            inputIds.Fill(index);
            mask.Fill(1);
            labels.Fill(index);
        }

        public void Dispose()
        {
        }
    }
}
