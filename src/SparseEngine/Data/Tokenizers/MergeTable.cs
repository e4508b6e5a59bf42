namespace SparseEngine.Data.Tokenizers;

/// <summary>Which neighbours byte pair encoding joins, and in what order (Sennrich, Haddow and Birch, 2016).</summary>
internal sealed class MergeTable
{
    private readonly Dictionary<(int Left, int Right), (int Rank, int Token)> merges = [];

    /// <summary>Adds a merge; false where the pair has one already.</summary>
    public bool TryAdd(int left, int right, int rank, int token) => merges.TryAdd((left, right), (rank, token));

    /// <summary>Joins the tokens of a word until no two neighbours merge: always the pair of the lowest rank, the leftmost of several.</summary>
    /// <remarks>O(n log n): a text may have a word of a million letters.</remarks>
    public int[] Apply(int[] tokens)
    {
        // A doubly linked list over the positions; -1 ends it.
        int[] next = new int[tokens.Length];
        int[] previous = new int[tokens.Length];
        PriorityQueue<(int Position, int Left, int Right, int Token), (int Rank, int Position)> candidates = new();
        for (int i = 0; i < tokens.Length; i++)
        {
            next[i] = i + 1 < tokens.Length ? i + 1 : -1;
            previous[i] = i - 1;
            Propose(i);
        }

        int count = tokens.Length;
        while (candidates.TryDequeue(out (int Position, int Left, int Right, int Token) merge, out _))
        {
            // A merge of either neighbour since then has made the proposal void.
            int position = merge.Position;
            if (tokens[position] != merge.Left || next[position] < 0 || tokens[next[position]] != merge.Right)
            {
                continue;
            }

            int absorbed = next[position];
            tokens[position] = merge.Token;
            tokens[absorbed] = -1;
            next[position] = next[absorbed];
            if (next[position] >= 0)
            {
                previous[next[position]] = position;
                Propose(position);
            }

            if (previous[position] >= 0)
            {
                Propose(previous[position]);
            }

            count--;
        }

        int[] joined = new int[count];
        for (int i = 0, position = 0; i < count; i++, position = next[position])
        {
            joined[i] = tokens[position];
        }

        return joined;

        void Propose(int position)
        {
            if (next[position] is >= 0 and int right && merges.TryGetValue((tokens[position], tokens[right]), out (int Rank, int Token) merge))
            {
                candidates.Enqueue((position, tokens[position], tokens[right], merge.Token), (merge.Rank, position));
            }
        }
    }
}
