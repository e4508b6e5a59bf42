using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>One range's rows, which have quads for columns, quad by quad (<see cref="GpuQuadColumns"/>).</summary>
internal sealed class QuadRange
{
    /// <summary>Arranges a range.</summary>
    /// <param name="csr">All rows.</param>
    /// <param name="rows">The range's.</param>
    /// <param name="numbers">For each non-zero the number of the quad's column.</param>
    public QuadRange(CsrPattern csr, List<int> rows, int[] numbers)
    {
        int[] ends = new int[csr.ColumnCount + 1];
        foreach (int row in rows)
        {
            foreach (int quad in csr.Columns[csr.RowPointers[row]..csr.RowPointers[row + 1]])
            {
                ends[quad + 1]++;
            }
        }

        for (int quad = 0; quad < csr.ColumnCount; quad++)
        {
            int count = ends[quad + 1];
            ends[quad + 1] = ends[quad] + ((count + GpuQuads.Batch - 1) / GpuQuads.Batch);
            if (count > 0)
            {
                Steps.Add(new Int2(quad * RowQuads.Rows, ends[quad + 1]));
            }
        }

        Places = new int[ends[^1]];
        Numbers = new int[ends[^1] * GpuQuads.Batch];
        Array.Fill(Numbers, -1);
        int[] next = Array.ConvertAll(ends, end => end * GpuQuads.Batch);
        for (int slot = 0; slot < rows.Count; slot++)
        {
            for (int p = csr.RowPointers[rows[slot]]; p < csr.RowPointers[rows[slot] + 1]; p++)
            {
                int at = next[csr.Columns[p]]++;
                Numbers[at] = numbers[p];
                Places[at / GpuQuads.Batch] |= GpuQuadColumns.Place(slot) << (at % GpuQuads.Batch * GpuQuads.PlaceBits);
            }
        }
    }

    /// <summary>For each quad that any row has, ascending, its first row in the input, and behind its batches.</summary>
    public List<Int2> Steps { get; } = [];

    /// <summary>For each batch its rows' places among the sums.</summary>
    public int[] Places { get; }

    /// <summary>For each place of each batch the number of the quad's column, or -1.</summary>
    public int[] Numbers { get; }
}
