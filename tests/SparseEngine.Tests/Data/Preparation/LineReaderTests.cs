using System.Text;
using SparseEngine.Data.Preparation;

namespace SparseEngine.Tests.Data.Preparation;

public class LineReaderTests
{
    [Fact]
    public void Lines_are_those_of_a_StreamReader_however_few_bytes_come_at_a_time()
    {
        Random random = new(7);
        string[] parts = ["\n", "\r", "\r\n", "a", "é", "😀", "\ufeff", "a longer one"];
        foreach (int length in Enumerable.Range(0, 300))
        {
            string text = string.Concat(Enumerable.Range(0, length % 30).Select(_ => parts[random.Next(parts.Length)]));
            byte[] bytes = [.. length % 2 == 0 ? Encoding.UTF8.Preamble : [], .. Encoding.UTF8.GetBytes(text)];
            using StreamReader expected = new(new MemoryStream(bytes));
            using Trickle stream = new(bytes, random);
            LineReader reader = new(stream);
            while (expected.ReadLine() is { } line)
            {
                Assert.Equal(line, reader.ReadLine());
            }

            Assert.Null(reader.ReadLine());
        }
    }

    /// <summary>Gives one to three bytes at a time.</summary>
    private sealed class Trickle(byte[] content, Random random) : MemoryStream(content)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, random.Next(1, 4)));
    }
}
