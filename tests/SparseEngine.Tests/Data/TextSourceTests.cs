using System.Text;
using SparseEngine.Configuration;
using SparseEngine.Data;

namespace SparseEngine.Tests.Data;

public sealed class TextSourceTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Samples_are_consecutive_bytes_and_labels_the_next_ones()
    {
        File.WriteAllText(directory.File("a.txt"), "abcdefghijklmnopqrst");
        using ISampleSource source = Open("a.txt", DataSplit.Training, share: 0.25);
        Assert.Equal(3, source.Count);
        Assert.Equal(("efgh", "fghi"), Read(source, 1));
        using ISampleSource held = Open("a.txt", DataSplit.Validation, share: 0.25);
        Assert.Equal(1, held.Count);
        Assert.Equal(("pqrs", "qrst"), Read(held, 0));
    }

    [Fact]
    public void A_folders_text_files_are_joined_in_name_order()
    {
        Directory.CreateDirectory(directory.File("in/sub"));
        File.WriteAllText(directory.File("in/b.md"), "BBB");
        File.WriteAllText(directory.File("in/sub/c.txt"), "CCCCC");
        File.WriteAllText(directory.File("in/a.txt"), "AAA");
        File.WriteAllText(directory.File("in/x.bin"), "xxx");
        using ISampleSource source = Open("in", DataSplit.Training, share: 0.01);
        Assert.Equal("AAA\n", Read(source, 0).Ids);
        Assert.Equal("BBB\n", Read(source, 1).Ids);
    }

    [Fact]
    public void What_cannot_be_used_is_one_clear_line()
    {
        File.WriteAllText(directory.File("a.txt"), "abc");
        Assert.Equal(
            "a.txt: the training part has 3 bytes; one sample of max_sequence_length 4 needs 5",
            Assert.Throws<DataException>(() => Open("a.txt", DataSplit.Training, 0.1)).Message);
        File.WriteAllText(directory.File("b.txt"), "abcdefghü");
        Assert.Equal(
            "b.txt: byte 8 is 195, outside model.vocab_size 128; 256 holds every byte",
            Assert.Throws<DataException>(() => Open("b.txt", DataSplit.Training, 0.01, vocabulary: 128)).Message);
        Directory.CreateDirectory(directory.File("empty"));
        Assert.Equal(
            $"{directory.File("empty")}: has no text files; valid: files ending in .txt, .md, or the path of one file",
            Assert.Throws<DataException>(() => Open("empty", DataSplit.Training, 0.1)).Message);
    }

    [Fact]
    public void Two_shares_of_a_text_read_it_once()
    {
        TextLibrary texts = new();
        File.WriteAllText(directory.File("a.txt"), "abcdefghijklmnopqrst");
        using ISampleSource source = Open("a.txt", DataSplit.Training, share: 0.25, texts: texts);
        File.Delete(directory.File("a.txt"));
        File.WriteAllText(directory.File("a.txt"), "another");
        using ISampleSource held = Open("a.txt", DataSplit.Validation, share: 0.25, texts: texts);
        Assert.Equal("pqrs", Read(held, 0).Ids);
    }

    [Fact]
    public void The_sdks_documentation_is_millions_of_bytes_of_english_and_always_the_same()
    {
        using ISampleSource source = Open(SampleSource.DotNetDocumentation, DataSplit.Training, share: 0.05, sequence: 4096);
        Assert.InRange(source.Count * 4096L, 2_000_000, 20_000_000);
        string text = string.Concat(Enumerable.Range(0, 20).Select(i => Read(source, i * source.Count / 20).Ids));
        Assert.True(text.Count(c => char.IsAsciiLetter(c) || c == ' ') > 0.9 * text.Length);
        Assert.True(text.Split(' ').Count(word => word is "the" or "of" or "to" or "a") > 0.1 * text.Split(' ').Length);
        Assert.DoesNotContain("<see", text, StringComparison.Ordinal);
        using ISampleSource again = Open(SampleSource.DotNetDocumentation, DataSplit.Training, share: 0.05, sequence: 4096);
        Assert.Equal(Read(source, source.Count - 1), Read(again, again.Count - 1));
    }

    [Fact]
    public void Documentation_loses_its_tags_and_near_duplicates()
    {
        File.WriteAllText(directory.File("a.xml"), """
            <?xml version="1.0"?>
            <doc><members>
              <member name="M:X.A">
                <summary>Reads a <see cref="T:System.String" /> from the
                    <paramref name="stream" />, or <see langword="null" />.</summary>
                <param name="stream">The stream from which <see cref="M:System.IO.Stream.Read(System.Byte[])">bytes</see> are taken.</param>
                <returns>Short.</returns>
              </member>
              <member name="M:X.B">
                <summary>Reads a <see cref="T:System.String" /> from the <paramref name="stream" />, or <see langword="null" /> again.</summary>
                <remarks>__m128i _mm_sll_epi16 (__m128i a, __m128i count) PSLLW xmm, xmm/m128</remarks>
                <remarks>Calls <see cref="M:System.Collections.Generic.List`1.Add(`0)" /> for every element of the list.
                    <code>list.Add(1);</code></remarks>
              </member>
            </members></doc>
            """);
        string[] lines = Encoding.UTF8.GetString(DotNetDocumentationText.Load(directory.Path)).Split('\n');
        Assert.Equal(
            [
                "Calls List.Add for every element of the list.",
                "Reads a String from the stream, or null.",
                "The stream from which bytes are taken.",
            ],
            lines.Order(StringComparer.Ordinal));
    }

    private ISampleSource Open(
        string path, DataSplit split, double share, int vocabulary = 256, int sequence = 4, TextLibrary? texts = null) => SampleSource.Open(
        new InputParameters
        {
            DataProcessor = DataProcessor.Text, DataDirectories = [path], BatchSize = 1, MaxSequenceLength = sequence, ValidationShare = share,
        },
        split, vocabulary, directory.File("params.yaml"), texts);

    private static (string Ids, string Labels) Read(ISampleSource source, int index)
    {
        int[] ids = new int[source.SequenceLength];
        int[] mask = new int[source.SequenceLength];
        int[] labels = new int[source.SequenceLength];
        source.Read(index, ids, mask, labels);
        Assert.All(mask, one => Assert.Equal(1, one));
        return (Encoding.Latin1.GetString([.. ids.Select(id => (byte)id)]), Encoding.Latin1.GetString([.. labels.Select(id => (byte)id)]));
    }
}
