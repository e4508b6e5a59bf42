namespace SparseEngine.Kernels.Devices;

/// <summary>The three products of a sparse weight.</summary>
public enum SparseProduct
{
    /// <summary>y = W x: <see cref="ComputeDevice.Spmm"/>.</summary>
    Spmm,

    /// <summary>dx = W^T dy: <see cref="ComputeDevice.SpmmTransposed"/>.</summary>
    SpmmTransposed,

    /// <summary>dW = dy x^T at the non-zeros: <see cref="ComputeDevice.Sddmm"/>.</summary>
    Sddmm,
}

/// <summary>How the products of a sparse weight are computed. The weight, its gradient and its optimizer state are sparse either way.</summary>
public enum ProductMethod
{
    /// <summary>By whichever is faster for the shape, the number of non-zeros and the tokens, as measured.</summary>
    Fastest,

    /// <summary>Non-zero by non-zero.</summary>
    Sparse,

    /// <summary>By a dense product, zeros filled in.</summary>
    Dense,
}
