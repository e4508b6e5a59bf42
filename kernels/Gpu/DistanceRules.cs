namespace SparseEngine.Kernels.Gpu;

/// <summary>What the distance between a query and a key, in tokens, does to their score.</summary>
internal interface IDistanceRule
{
    /// <summary>Whether a query sees keys this far behind it.</summary>
    bool Sees(in AttentionShape shape, int distance);

    /// <summary>What becomes of a score.</summary>
    float Score(float score, float slope, int distance);

    /// <summary>A head's slope.</summary>
    float Slope(in AttentionShape shape, int head);

    /// <summary>The first key that a query sees.</summary>
    int FirstKey(in AttentionShape shape, int query);

    /// <summary>One past the last query that sees a key.</summary>
    int EndQuery(in AttentionShape shape, int key);
}

/// <summary>Nothing.</summary>
internal readonly struct AnyDistance : IDistanceRule
{
    public bool Sees(in AttentionShape shape, int distance) => true;

    public float Score(float score, float slope, int distance) => score;

    public float Slope(in AttentionShape shape, int head) => 0;

    public int FirstKey(in AttentionShape shape, int query) => 0;

    public int EndQuery(in AttentionShape shape, int key) => shape.Sequence;
}

/// <summary>Beyond a window keys are not seen; within it, scores fall along a slope (Press et al., 2022).</summary>
internal readonly struct WindowAndSlope : IDistanceRule
{
    public bool Sees(in AttentionShape shape, int distance) => distance < shape.Window;

    public float Score(float score, float slope, int distance) => score - (slope * distance);

    public float Slope(in AttentionShape shape, int head) => shape.SlopeOf(head);

    public int FirstKey(in AttentionShape shape, int query)
    {
        int first = query + 1 - shape.Window;
        return first > 0 ? first : 0;
    }

    public int EndQuery(in AttentionShape shape, int key)
    {
        int end = key + shape.Window;
        return end < shape.Sequence ? end : shape.Sequence;
    }
}
