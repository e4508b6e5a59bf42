namespace SparseEngine.Tests.Distributed.Watch;

/// <summary>Ranks in processes of their own, of which some are killed, stopped, or fail: all end, and one of them says why.</summary>
public sealed class RankWatchTests : IDisposable
{
    private const double Long = 60;
    private const string Gone = "its process is gone (killed, or its host failed)";

    private readonly TemporaryDirectory folder = new();
    private WatchedProcess[] ranks = [];

    public void Dispose()
    {
        foreach (WatchedProcess rank in ranks)
        {
            rank.Dispose();
        }

        folder.Dispose();
    }

    [Fact]
    public void A_killed_rank_ends_the_others_and_rank_0_tells()
    {
        Start(Long, "a", "a", "b", "b");

        ranks[2].Kill();

        AssertEnd(exitCode: 1, $"rank 2 on host b: {Gone}", teller: 0, 1, 3);
    }

    [Fact]
    public void Where_rank_0_is_killed_rank_1_tells()
    {
        Start(Long, "a", "a", "a", "a");

        ranks[0].Kill();

        AssertEnd(exitCode: 1, $"rank 0 on host a: {Gone}", teller: 1, 2, 3);
    }

    [Fact]
    public void Where_the_first_ranks_are_killed_together_the_lowest_that_is_left_tells()
    {
        Start(Long, "a", "a", "b", "c");

        ranks[1].Signal("STOP");
        ranks[0].Signal("STOP");
        ranks[1].Kill();
        ranks[0].Kill();

        // Rank 0 could not tell of rank 1.
        AssertEnd(exitCode: 1, $"rank 0 on host a: {Gone}", teller: 2, 3);
    }

    [Fact]
    public void Of_two_ranks_that_are_killed_together_one_is_told_of()
    {
        Start(Long, "a", "a", "a", "a");

        ranks[2].Kill();
        ranks[3].Kill();

        (int exitCode, string errors) = ranks[0].End();
        Assert.Equal(1, exitCode);
        Assert.Matches($"^rank [23] on host a: {System.Text.RegularExpressions.Regex.Escape(Gone)}\n$", errors);
        Assert.Equal((1, ""), ranks[1].End());
    }

    [Fact]
    public void A_stopped_rank_ends_the_others_when_it_has_been_silent_for_too_long()
    {
        Start(2, "a", "a", "a");

        ranks[2].Signal("STOP");

        AssertEnd(
            exitCode: 1,
            "rank 2 on host a: nothing was heard of it for 2 s: its process is stopped, or its host or network is down (--rank_timeout)",
            teller: 0,
            1);
        ranks[2].Signal("CONT");
        Assert.Equal((1, ""), ranks[2].End());
    }

    [Fact]
    public void Where_rank_0_is_stopped_rank_1_tells()
    {
        Start(2, "a", "a", "a", "b");

        ranks[0].Signal("STOP");

        AssertEnd(
            exitCode: 1,
            "rank 0 on host a: nothing was heard of it for 2 s: its process is stopped, or its host or network is down (--rank_timeout)",
            teller: 1,
            2,
            3);
    }

    [Fact]
    public void A_rank_that_does_not_answer_is_not_waited_for()
    {
        Start(Long, "a", "a", "a");

        ranks[1].Signal("STOP");
        ranks[0].Kill();

        AssertEnd(exitCode: 1, $"rank 0 on host a: {Gone}", teller: 2);
    }

    [Fact]
    public async Task Ranks_that_were_all_stopped_for_longer_than_the_timeout_accuse_nobody()
    {
        Start(2, "a", "a", "a");

        foreach (WatchedProcess rank in ranks)
        {
            rank.Signal("STOP");
        }

        await Task.Delay(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken);
        foreach (WatchedProcess rank in ranks)
        {
            rank.Signal("CONT");
        }

        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        AssertLeave();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task A_rank_may_leave_long_before_the_others(int first)
    {
        Start(1, "a", "a", "a");

        ranks[first].Say("leave");
        ranks[first].WaitFor("left");
        ranks[first].Say("exit 0");
        Assert.Equal((0, ""), ranks[first].End());
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        AssertLeave();
    }

    [Fact]
    public void A_rank_that_fails_is_told_of_by_rank_0_and_all_have_its_exit_code()
    {
        Start(Long, "a", "b", "b");

        ranks[2].Say("fail 3 data/part-7.h5: cannot be read: Input/output error");

        AssertEnd(exitCode: 3, "rank 2 on host b: data/part-7.h5: cannot be read: Input/output error", teller: 0, 1, 2);
    }

    [Fact]
    public void Rank_0_tells_of_its_own_failure_itself_and_all_end_with_its_exit_code()
    {
        Start(Long, "a", "b", "b");

        ranks[0].Say("fail 1 out: no space left on device");

        AssertEnd(exitCode: 1, "by itself: out: no space left on device", teller: 0, 1, 2);
    }

    [Fact]
    public async Task What_is_wrong_with_the_configuration_of_all_is_told_by_rank_0_as_its_own()
    {
        Start(Long, "a", "a", "a");

        ranks[1].Say("fail 2 params.yaml:3:4: no");
        ranks[2].Say("fail 2 params.yaml:3:4: no");
        await Task.Delay(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken);
        ranks[0].Say("fail 2 params.yaml:3:4: no");

        AssertEnd(exitCode: 2, "by itself: params.yaml:3:4: no", teller: 0, 1, 2);
    }

    [Fact]
    public void What_is_wrong_with_the_configuration_of_one_rank_is_told_with_its_name()
    {
        Start(Long, "a", "a", "a");

        ranks[1].Say("fail 2 text.txt: not found");

        AssertEnd(exitCode: 2, "rank 1 on host a: text.txt: not found", teller: 0, 1, 2);
    }

    [Fact]
    public void A_rank_whose_failure_nobody_can_tell_tells_it_itself()
    {
        Start(Long, "a", "a");

        ranks[0].Say("leave");
        ranks[0].WaitFor("left");
        ranks[1].Say("fail 1 too late");

        Assert.Equal((1, $"by itself: too late{Environment.NewLine}"), ranks[1].End());
    }

    private void Start(double timeoutSeconds, params string[] hosts)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such signals.");
        ranks = WatchedProcess.Start(folder, timeoutSeconds, hosts);
    }

    private void AssertEnd(int exitCode, string line, int teller, params int[] others)
    {
        Assert.Equal((exitCode, line + "\n"), ranks[teller].End());
        foreach (int other in others)
        {
            Assert.Equal((exitCode, ""), ranks[other].End());
        }
    }

    private void AssertLeave()
    {
        foreach (WatchedProcess rank in ranks)
        {
            if (!rank.HasEnded)
            {
                rank.Say("leave");
                rank.Say("exit 0");
                Assert.Equal((0, ""), rank.End());
            }
        }
    }
}
