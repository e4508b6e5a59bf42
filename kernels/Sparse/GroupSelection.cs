using System.Buffers;

namespace SparseEngine.Kernels.Sparse;

/// <summary>Selects in each group of a weight, of which one's elements are told apart by where they lie.</summary>
/// <param name="groups">The groups.</param>
/// <param name="pattern">The elements that there are, or null for all.</param>
/// <param name="rows">The weight's rows.</param>
/// <param name="columns">The weight's columns.</param>
internal readonly struct GroupSelection(MaskGroups groups, CsrPattern? pattern, int rows, int columns)
{
    /// <summary>Flags the highest of each group.</summary>
    /// <param name="workers">Who selects.</param>
    /// <param name="values">The elements.</param>
    /// <param name="count">How many are selected of a group with so many.</param>
    /// <param name="selected">As long as the values.</param>
    public void Select<TRanking>(IWorkers workers, ReadOnlySpan<float> values, Func<int, int> count, Span<bool> selected)
        where TRanking : struct, IRanking
    {
        // Each of many groups is a part by itself; few of them are cut into parts.
        if (groups.Count >= workers.PartsFor(values.Length))
        {
            workers.Run(groups.Count, new Parts<TRanking>(this, values, count, selected));
            return;
        }

        for (int group = 0; group < groups.Count; group++)
        {
            Select<TRanking>(workers, group, values, count, selected);
        }
    }

    private void Select<TRanking>(IWorkers workers, int group, ReadOnlySpan<float> values, Func<int, int> count, Span<bool> selected)
        where TRanking : struct, IRanking
    {
        int number = groups.RunsOf(rows);
        Run[] rented = ArrayPool<Run>.Shared.Rent(number);
        Span<Run> runs = rented.AsSpan(0, number);
        if (pattern is null)
        {
            groups.FillRuns(group, rows, columns, runs);
        }
        else
        {
            groups.FillRuns(group, pattern, runs);
        }

        TopK.Select<TRanking>(workers, values, runs, count(Run.LengthOf(runs)), selected);
        ArrayPool<Run>.Shared.Return(rented);
    }

    private readonly ref struct Parts<TRanking>(
        GroupSelection selection, ReadOnlySpan<float> values, Func<int, int> count, Span<bool> selected) : IParts
        where TRanking : struct, IRanking
    {
        private readonly ReadOnlySpan<float> values = values;
        private readonly Span<bool> selected = selected;

        public void Do(int part) => selection.Select<TRanking>(OneWorker.Instance, part, values, count, selected);
    }
}
