namespace SparseEngine.Data.Preparation;

/// <summary>
/// Reads the documents of files one after the other, long texts in pieces, in an order and at places that depend on the files alone.
/// </summary>
/// <param name="files">The files.</param>
/// <param name="validationFraction">The share of documents of the validation part.</param>
/// <param name="heldOutFrom">Where the validation part of the only text begins, in UTF-16 units; null to divide by document.</param>
/// <param name="again">Whether the files are read more than this once.</param>
internal sealed class DocumentReader(IReadOnlyList<InputFile> files, double validationFraction, long? heldOutFrom, bool again = false)
{
    private long bytesOfDone;
    private FileStream? current;

    /// <summary>The bytes of files read so far.</summary>
    public long BytesRead => bytesOfDone + (current is { CanRead: true, CanSeek: true } open ? open.Position : 0);

    /// <summary>The documents begun so far, empty ones included.</summary>
    public long Documents { get; private set; }

    /// <summary>Reads all documents.</summary>
    /// <exception cref="DataException">A file cannot be read, or is not UTF-8.</exception>
    public IEnumerable<Piece> Read()
    {
        foreach (InputFile file in files)
        {
            if (file.IsEmpty)
            {
                if (!file.IsJsonLines)
                {
                    yield return new Piece(file, 0, "", NextSplit(), Starts: true, Ends: true);
                }

                continue;
            }

            using Stream stream = file.Open(again, out FileStream raw);
            current = raw;
            foreach (Piece piece in file.IsJsonLines ? Lines(file, stream) : Text(file, stream))
            {
                yield return piece;
            }

            current = null;
            bytesOfDone += file.Bytes;
        }
    }

    private IEnumerable<Piece> Lines(InputFile file, Stream stream)
    {
        LineReader reader = new(stream);
        for (long line = 1; Guard($"{file.Path}:{line}", reader.ReadLine) is { } content; line++)
        {
            if (!string.IsNullOrWhiteSpace(content))
            {
                yield return new Piece(file, line, content, NextSplit(), Starts: true, Ends: true);
            }
        }
    }

    private IEnumerable<Piece> Text(InputFile file, Stream stream)
    {
        Source source = new(file, new Utf8TextReader(stream));
        foreach (Piece piece in heldOutFrom is { } cut ? Divided(source, cut) : Text(source, NextSplit(), long.MaxValue))
        {
            yield return piece;
        }
    }

    private IEnumerable<Piece> Divided(Source source, long cut)
    {
        Documents += 2;
        return Text(source, DataSplit.Training, cut).Concat(Text(source, DataSplit.Validation, long.MaxValue));
    }

    private static IEnumerable<Piece> Text(Source source, DataSplit split, long length)
    {
        // One more, where the given length ends within a surrogate pair.
        char[] buffer = new char[TextCut.LongestPiece + 1];
        int filled = 0;
        for (bool starts = true; ; starts = false)
        {
            int read = source.ReadBlock(buffer.AsSpan(filled, (int)Math.Min(TextCut.LongestPiece - filled, length)));
            length -= read;
            filled += read;
            if (filled < TextCut.LongestPiece || length == 0)
            {
                if (length == 0 && filled > 0 && char.IsHighSurrogate(buffer[filled - 1]))
                {
                    filled += source.ReadBlock(buffer.AsSpan(filled, 1));
                }

                yield return new Piece(source.File, 0, new string(buffer, 0, filled), split, starts, Ends: true);
                yield break;
            }

            int cut = TextCut.Find(buffer.AsSpan(0, filled));
            yield return new Piece(source.File, 0, new string(buffer, 0, cut), split, starts, Ends: false);
            buffer.AsSpan(cut, filled - cut).CopyTo(buffer);
            filled -= cut;
        }
    }

    /// <summary>Systematic sampling: of any n documents in a row the validation part has n times the share, rounded one way or the other.</summary>
    private DataSplit NextSplit()
    {
        long before = Documents++;
        return Taken(before + 1) > Taken(before) ? DataSplit.Validation : DataSplit.Training;

        double Taken(long documents) => Math.Floor((documents * validationFraction) + 0.5);
    }

    /// <summary>Puts errors of reading in the words of <see cref="DataException"/>.</summary>
    private static T Guard<T>(string place, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (Reason(exception) is { } reason)
        {
            throw new DataException($"{place}: {reason}", exception);
        }
    }

    private static string? Reason(Exception exception) => exception switch
    {
        InvalidUtf8Exception => exception.Message,
        InvalidDataException => $"is damaged, or ends early: {exception.Message}",
        IOException or UnauthorizedAccessException => $"cannot be read: {exception.Message}",
        _ => null,
    };

    /// <summary>A file's text as one document.</summary>
    private sealed class Source(InputFile file, Utf8TextReader reader)
    {
        public InputFile File => file;

        public int ReadBlock(Span<char> buffer)
        {
            try
            {
                return reader.ReadBlock(buffer);
            }
            catch (Exception exception) when (Reason(exception) is { } reason)
            {
                throw new DataException($"{file.Path}: {reason}", exception);
            }
        }
    }
}
