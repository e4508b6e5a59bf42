namespace SparseEngine.Dataflow;

/// <summary>How activations lie on a wafer: features over the columns of cores, tokens over the rows.</summary>
/// <remarks>
/// The wafer can be cut into bands of columns. Each band holds all features of its own tokens, and weights are sent to all bands at once, which the
/// fabric does by multicast. More bands mean fewer columns to sum over, more features and fewer tokens in a core.
/// </remarks>
/// <param name="Bands">Bands of columns.</param>
/// <param name="Columns">Columns of cores in a band.</param>
/// <param name="TokenRows">Rows of cores, over all bands, that share the tokens.</param>
/// <param name="TokensPerCore">Tokens of the fullest core.</param>
public sealed record WaferMapping(int Bands, int Columns, int TokenRows, int TokensPerCore)
{
    /// <summary>Spreads tokens over a wafer that is cut into bands.</summary>
    /// <param name="constants">The wafer.</param>
    /// <param name="tokens">Tokens on the wafer.</param>
    /// <param name="bands">Bands, 1 to the wafer's columns.</param>
    internal static WaferMapping Create(WaferConstants constants, long tokens, int bands)
    {
        ArgumentNullException.ThrowIfNull(constants);
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(bands, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bands, constants.Columns);
        int tokenRows = constants.Rows * bands;
        return new WaferMapping(bands, constants.Columns / bands, tokenRows, checked((int)((tokens + tokenRows - 1) / tokenRows)));
    }

    /// <summary>The mappings to choose from: for each width of band the one with the most bands.</summary>
    internal static IEnumerable<WaferMapping> Candidates(WaferConstants constants, long tokens)
    {
        ArgumentNullException.ThrowIfNull(constants);
        return Enumerable.Range(1, constants.Columns)
            .Select(width => constants.Columns / width)
            .Distinct()
            .Select(bands => Create(constants, tokens, bands));
    }
}
