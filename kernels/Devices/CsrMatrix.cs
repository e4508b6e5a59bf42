namespace SparseEngine.Kernels.Devices;

/// <summary>A sparse matrix on a device: a pattern and one value per non-zero.</summary>
/// <param name="Pattern">Where the non-zeros lie, prepared by the device.</param>
/// <param name="Values">Their values, in the order of the pattern's columns.</param>
public readonly record struct CsrMatrix(SparsePattern Pattern, DeviceBuffer<float> Values)
{
    /// <summary>The number of rows (output features).</summary>
    public int Rows => Pattern.Csr.Rows;

    /// <summary>The number of columns (input features).</summary>
    public int Columns => Pattern.Csr.ColumnCount;
}
