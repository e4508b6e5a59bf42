using SparseEngine.Kernels.RandomNumbers;

namespace SparseEngine.Models;

/// <summary>
/// Names the dropout masks of one pass through the model, so that its backward pass, a resumed run and a step in other parts draw the same.
/// </summary>
/// <param name="Seed">The run's seed.</param>
/// <param name="Step">Steps of the run done before.</param>
/// <param name="FirstToken">Where in the step's whole batch the pass starts.</param>
/// <param name="Tokens">Tokens of that whole batch.</param>
internal readonly record struct DropoutPass(uint Seed, ulong Step, long FirstToken, long Tokens)
{
    /// <summary>The site of the embeddings' dropout.</summary>
    internal const uint EmbeddingSite = 0;

    /// <summary>The key of one place in the model.</summary>
    internal DropoutKey At(uint site) => new(Seed, Step, site) { FirstToken = FirstToken, Tokens = Tokens };

    /// <summary>The site of a layer's attention probabilities.</summary>
    internal static uint AttentionSite(int layer) => (3 * (uint)layer) + 1;

    /// <summary>The site of a layer's attention output.</summary>
    internal static uint ProjectionSite(int layer) => (3 * (uint)layer) + 2;

    /// <summary>The site of a layer's feed-forward output.</summary>
    internal static uint FeedForwardSite(int layer) => (3 * (uint)layer) + 3;
}
