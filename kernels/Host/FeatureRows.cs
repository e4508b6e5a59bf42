namespace SparseEngine.Kernels.Host;

/// <summary>A head's features over the tokens from some token on: its rows, and their distance.</summary>
internal readonly unsafe struct FeatureRows(float* data, nint stride)
{
    /// <summary>The distance of the rows.</summary>
    public readonly nint Stride = stride;

    /// <summary>The first feature of a token.</summary>
    public float* From(int token) => data + token;
}
