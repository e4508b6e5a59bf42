using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace SparseEngine.Configuration;

/// <summary>The sparsity section, with its groups resolved.</summary>
public sealed record SparsityParameters
{
    /// <summary>How weights are chosen.</summary>
    public required SparsitySelection Selection { get; init; }

    /// <summary>
    /// The groups in the file's order; the first whose pattern is found in a weight's name applies. With
    /// <see cref="SparsitySelection.Default"/> there is one group without a pattern.
    /// </summary>
    public required ImmutableArray<SparsityGroup> Groups { get; init; }

    /// <summary>Whether masks change during training.</summary>
    public bool IsDynamic => Groups.Any(group => group.Dynamic is not null);

    /// <summary>Whether each mask is also written as a .npy file.</summary>
    public bool DumpMasks { get; init; }

    /// <summary>One level for every linear layer of the decoder; embeddings, norms and the head stay dense.</summary>
    /// <param name="sparsity">The share of zeros, in [0, 1).</param>
    /// <param name="method">How the kept weights are chosen.</param>
    /// <param name="seed">The base seed; null for a random one, drawn once for the run and logged.</param>
    /// <param name="location">Where the level is given, for warnings.</param>
    public static SparsityParameters OfLinearLayers(
        double sparsity, SparsityMethod method = SparsityMethod.Random, long? seed = null, string location = "sparsity") => new()
    {
        Selection = SparsitySelection.Default,
        Groups = [new SparsityGroup(null, sparsity, method, seed, location)],
    };
}

/// <summary>What the param_name_patterns key held.</summary>
public enum SparsitySelection
{
    /// <summary>Nothing: every weight with more than one dimension but embeddings, norms and the head.</summary>
    Default,

    /// <summary>One regex, a list, or a map of regexes.</summary>
    Patterns,
}

/// <summary>Weights that share a level, a method and a base seed.</summary>
/// <param name="Pattern">Searched for in a weight's name, unanchored and case-sensitive; null selects by the default rule.</param>
/// <param name="Sparsity">The share of zeros, in [0, 1).</param>
/// <param name="Method">How the kept weights are chosen.</param>
/// <param name="Seed">
/// The base seed; a weight's own is this plus its index. Null where the YAML gives none: then a random
/// 32-bit one is drawn once for the run and logged.
/// </param>
/// <param name="Location">Where the YAML has the pattern, for warnings: "params.yaml:12:5".</param>
public sealed record SparsityGroup(Regex? Pattern, double Sparsity, SparsityMethod Method, long? Seed, string Location)
{
    /// <summary>The glob that <see cref="Pattern"/> was made of: the whole name must match it, and some name has to; null for a regex.</summary>
    public string? Glob { get; init; }

    /// <summary>Parts of each weight of which the same number is kept; null for none.</summary>
    public SparsityBalance? Balance { get; init; }

    /// <summary>
    /// Rows (output features) that share their zeros: a mask is drawn in blocks of so many rows x 1 column. A divisor of each weight's rows; other
    /// than 1 only for masks that never change, by <see cref="SparsityMethod.Random"/> or <see cref="SparsityMethod.TopK"/>, without
    /// <see cref="Balance"/>.
    /// </summary>
    public int BlockRows { get; init; } = 1;

    /// <summary>How masks change; null where they do not. Its level goes before <see cref="Sparsity"/>.</summary>
    public DynamicSparsity? Dynamic { get; init; }

    /// <summary>
    /// The density of the model that learning rates and initial deviations are taken from, in (0, 1]: both follow each weight's density from there
    /// (sparse muP). Null where density does not change them.
    /// </summary>
    public double? MupBaseDensity { get; init; }
}

/// <summary>Equal parts of a weight of which the same number of elements is kept.</summary>
/// <param name="OfInputs">Whether input features (columns) are parted; else output features (rows).</param>
/// <param name="Groups">The number of parts, 1 or more, a divisor of the features.</param>
public sealed record SparsityBalance(bool OfInputs, int Groups);

/// <summary>The init_method key.</summary>
public enum SparsityMethod
{
    /// <summary>Weights with the highest random scores are kept.</summary>
    Random,

    /// <summary>Weights with the largest magnitudes are kept.</summary>
    TopK,

    /// <summary>Weights that are not zero are kept, whatever the level says.</summary>
    FromZeros,

    /// <summary>A regular pattern of the level's density, shifted from row to row.</summary>
    Checkerboard,
}
