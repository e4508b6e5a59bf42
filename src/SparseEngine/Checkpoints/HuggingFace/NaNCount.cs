namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>Counts the NaN of tensors as they pass.</summary>
internal sealed class NaNCount
{
    /// <summary>How many there were.</summary>
    public long Count { get; private set; }

    /// <summary>Counts those of a tensor.</summary>
    public void Add(ReadOnlySpan<float> values)
    {
        foreach (float value in values)
        {
            Count += float.IsNaN(value) ? 1 : 0;
        }
    }
}
