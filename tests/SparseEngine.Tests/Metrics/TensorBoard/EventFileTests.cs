using SparseEngine.Files;
using SparseEngine.Metrics;
using SparseEngine.Metrics.TensorBoard;
using SparseEngine.Tests.Shared;

namespace SparseEngine.Tests.Metrics.TensorBoard;

public sealed class EventFileTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    /// <summary>The bytes are those that TensorBoard's own record writer (tensorboard/summary/writer) wrote for the same events.</summary>
    [Fact]
    public void A_file_has_the_bytes_that_TensorBoards_own_writer_writes()
    {
        using (EventFile file = EventFile.Create(directory.Path, new StoppedClock()))
        {
            file.WriteSessionStart(3);
            file.WriteScalars(3, [new Scalar("loss", 2.5), new Scalar("learning_rate", 0.001)]);
            file.WriteText(300, "config", "    lr: 1e-3 # α");
        }

        Assert.Equal(
            "1800000000000000a37f4b220900006069cd55da411a0d627261696e2e4576656e743a32fd0d1243"
            + "0f000000000000006d532b090900006069cd55da4110033a020801bfd2e3c6"
            + "300000000000000095f5d05f0900006069cd55da4110032a230a0b0a046c6f737315000020400a140a0d6c6561726e696e675f72617465156f12833ad327be5a"
            + "3d000000000000006049f1ec0900006069cd55da4110ac022a2f0a2d0a06636f6e6669674217080712004211202020206c723a2031652d33202320ceb1"
            + "4a0a0a060a0474657874200268e65f4d",
            Convert.ToHexStringLower(File.ReadAllBytes(Assert.Single(EventReader.Files(directory.Path)))));
    }

    [Fact]
    public void Its_name_sorts_by_time_and_says_who_wrote_it()
    {
        using EventFile file = EventFile.Create(directory.Path, new StoppedClock());
        Assert.Matches($@"^events\.out\.tfevents\.1767323045\..+\.{Environment.ProcessId}\.\d+$", Path.GetFileName(file.Path));
    }

    [Fact]
    public void Files_of_the_same_second_have_names_of_their_own_and_stay_in_order()
    {
        List<string> paths = [];
        for (int i = 0; i < 20; i++)
        {
            using EventFile file = EventFile.Create(directory.Path, new StoppedClock());
            paths.Add(file.Path);
        }

        Assert.Equal(paths, EventReader.Files(directory.Path));
    }

    [Fact]
    public void A_record_is_there_for_readers_as_soon_as_it_is_written()
    {
        using EventFile file = EventFile.Create(directory.Path, TimeProvider.System);
        for (int step = 1; step <= 3; step++)
        {
            file.WriteScalars(step, [new Scalar("loss", step)]);

            using FileStream reader = new(file.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            byte[] bytes = new byte[reader.Length];
            reader.ReadExactly(bytes);
            Assert.Equal(step, EventReader.Read(bytes)[^1].Step);
        }
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_number_that_is_not_finite_stays_what_it_is(double value)
    {
        using (EventFile file = EventFile.Create(directory.Path, TimeProvider.System))
        {
            file.WriteScalars(1, [new Scalar("loss", value)]);
        }

        Assert.Equal((float)value, EventReader.ReadFolder(directory.Path)[^1].Values.Single().Number);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_one_line_that_names_the_file()
    {
        File.WriteAllText(directory.File("train"), "This is no folder.");
        OutputException error = Assert.Throws<OutputException>(() => EventFile.Create(directory.File("train"), TimeProvider.System));
        Assert.StartsWith($"{Path.Combine(directory.File("train"), "events.out.tfevents.")}", error.Message, StringComparison.Ordinal);
        Assert.Contains(": cannot be written: ", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Always 2026-01-02 03:04:05.5 UTC.</summary>
    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 1, 2, 3, 4, 5, 500, TimeSpan.Zero);
    }
}
