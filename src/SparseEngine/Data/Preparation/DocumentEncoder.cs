using SparseEngine.Data.Tokenizers;

namespace SparseEngine.Data.Preparation;

/// <summary>Some documents, or parts of them, as tokens.</summary>
/// <param name="Documents">The documents that end here, without empty ones.</param>
/// <param name="Tokens">Their tokens, the end after each document.</param>
internal sealed record EncodedPart(int Documents, List<int> Tokens);

/// <summary>The documents of both parts among some pieces.</summary>
internal sealed record EncodedBatch(EncodedPart Training, EncodedPart Validation, int EmptyDocuments);

/// <summary>Makes tokens of pieces.</summary>
internal sealed class DocumentEncoder(ITokenizer tokenizer, string jsonlKey)
{
    private const int BatchLength = 1 << 20;

    /// <summary>Puts pieces together so that there is some work in each batch.</summary>
    public static IEnumerable<IReadOnlyList<Piece>> Batches(IEnumerable<Piece> pieces)
    {
        List<Piece> batch = [];
        long length = 0;
        foreach (Piece piece in pieces)
        {
            batch.Add(piece);
            length += piece.Content.Length;
            if (length >= BatchLength)
            {
                yield return batch;
                batch = [];
                length = 0;
            }
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    /// <summary>Encodes a batch.</summary>
    /// <exception cref="DataException">A line of JSONL is not one, or a character is outside the vocabulary.</exception>
    public EncodedBatch Encode(IReadOnlyList<Piece> batch)
    {
        int[] documents = new int[2];
        List<int>[] tokens = [[], []];
        int empty = 0;
        foreach (Piece piece in batch)
        {
            string text = piece.Text(jsonlKey);
            if (text.Length == 0 && piece is { Starts: true, Ends: true })
            {
                empty++;
                continue;
            }

            List<int> destination = tokens[(int)piece.Split];
            try
            {
                tokenizer.Encode(text, destination);
            }
            catch (DataException exception)
            {
                throw new DataException($"{piece.Place}: {exception.Message}", exception);
            }

            if (piece.Ends)
            {
                destination.Add(tokenizer.EndToken);
                documents[(int)piece.Split]++;
            }
        }

        return new EncodedBatch(new EncodedPart(documents[0], tokens[0]), new EncodedPart(documents[1], tokens[1]), empty);
    }
}
