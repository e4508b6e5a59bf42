using System.Collections.Immutable;
using SparseEngine.Sparsity;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>A row of one of the parts that a tensor is made of; of a vector, an element.</summary>
internal readonly record struct PartRow(int Part, int Row);

/// <summary>The order in which a tensor has the rows of its parts.</summary>
internal sealed class RowOrder
{
    // Made when it is first needed: what a config.json claims may be too large for any file, which is found out before. Null: as they are.
    private readonly Lazy<ImmutableArray<PartRow>>? rows;

    /// <summary>An order that names each row of the parts once.</summary>
    public RowOrder(IEnumerable<PartRow> rows) => this.rows = new Lazy<ImmutableArray<PartRow>>(() => [.. rows]);

    private RowOrder()
    {
    }

    /// <summary>Part below part, each as it is.</summary>
    public static RowOrder Joined { get; } = new();

    /// <summary>The rows of a part, and where the tensor has them.</summary>
    public IEnumerable<(int Row, int Place)> Of(int part, ImmutableArray<NamedShape> parts)
    {
        if (rows is null)
        {
            int first = parts.Take(part).Sum(before => before.Shape[0]);
            for (int row = 0; row < parts[part].Shape[0]; row++)
            {
                yield return (row, first + row);
            }

            yield break;
        }

        ImmutableArray<PartRow> order = rows.Value;
        for (int place = 0; place < order.Length; place++)
        {
            if (order[place].Part == part)
            {
                yield return (order[place].Row, place);
            }
        }
    }
}
