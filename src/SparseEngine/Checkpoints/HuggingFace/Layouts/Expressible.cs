namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>What a layout can express beyond the plainest model.</summary>
[Flags]
internal enum Expressible
{
    /// <summary>Nothing.</summary>
    Nothing = 0,

    /// <summary>A learned table of positions.</summary>
    Learned = 1 << 0,

    /// <summary>Rotary positions.</summary>
    Rotary = 1 << 1,

    /// <summary>ALiBi.</summary>
    Alibi = 1 << 2,

    /// <summary>A normalization of embeddings, which it always has.</summary>
    EmbeddingNorm = 1 << 3,

    /// <summary>Root-mean-square normalizations, which it always has.</summary>
    RmsNorm = 1 << 4,

    /// <summary>Keys and values that heads share.</summary>
    Groups = 1 << 5,

    /// <summary>Heads that together have another size than the residual stream.</summary>
    InnerSize = 1 << 6,

    /// <summary>A sliding window.</summary>
    Window = 1 << 7,

    /// <summary>Scores that are not divided by the root of the head size.</summary>
    DotProduct = 1 << 8,

    /// <summary>Scores that are divided by the layer's number.</summary>
    LayerScale = 1 << 9,

    /// <summary>A gated feed-forward, which it always has.</summary>
    Gate = 1 << 10,

    /// <summary>A parallel residual.</summary>
    Parallel = 1 << 11,
}
