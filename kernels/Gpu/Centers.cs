namespace SparseEngine.Kernels.Gpu;

/// <summary>What a token's features are measured from when they are divided by their deviation.</summary>
internal interface ICenter
{
    /// <summary>Whether that is their mean, else zero.</summary>
    bool IsMean { get; }
}

/// <summary>The mean: layer normalization.</summary>
internal readonly struct MeanCenter : ICenter
{
    public bool IsMean => true;
}

/// <summary>Zero: normalization by the root of the mean square.</summary>
internal readonly struct ZeroCenter : ICenter
{
    public bool IsMean => false;
}
