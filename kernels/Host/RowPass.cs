namespace SparseEngine.Kernels.Host;

/// <summary>Walks over groups of rows, as many at a time as meet the column tiles in one pass.</summary>
/// <param name="order">The matrix.</param>
/// <param name="firstGroup">The first group.</param>
/// <param name="endGroup">The group after the last.</param>
/// <param name="maximumRows">Rows of a pass at most; one group, where it has more.</param>
internal struct RowPass(FiringOrder order, int firstGroup, int endGroup, int maximumRows)
{
    /// <summary>The first group of this pass.</summary>
    public int FirstGroup { get; private set; } = firstGroup;

    /// <summary>The group after the last one of this pass.</summary>
    public int EndGroup { get; private set; } = firstGroup;

    /// <summary>The number of groups in this pass.</summary>
    public readonly int Groups => EndGroup - FirstGroup;

    /// <summary>The number of rows in this pass.</summary>
    public readonly int Rows => RowOf(EndGroup);

    /// <summary>Whether no group comes after this pass.</summary>
    public readonly bool IsLast => EndGroup == endGroup;

    /// <summary>Where a group starts, in rows from the first one of this pass.</summary>
    public readonly int RowOf(int group) => order.Groups[group] - order.Groups[FirstGroup];

    /// <summary>Goes to the first or next pass; false where no group is left.</summary>
    public bool MoveNext()
    {
        FirstGroup = EndGroup;
        if (EndGroup < endGroup)
        {
            EndGroup++;
        }

        while (EndGroup < endGroup && order.Groups[EndGroup + 1] - order.Groups[FirstGroup] <= maximumRows)
        {
            EndGroup++;
        }

        return EndGroup > FirstGroup;
    }
}
