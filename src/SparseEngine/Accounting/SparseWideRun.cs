using System.Text;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Files;
using SparseEngine.Sparsity;

namespace SparseEngine.Accounting;

/// <summary>
/// A dense run beside its <see cref="SparseWide"/> transformation, of the same floating-point operations in the decoder's linear layers.
/// </summary>
/// <param name="Given">What the run costs as it is.</param>
/// <param name="Widened">What it costs widened and sparse.</param>
/// <param name="Yaml">The run's YAML with the new widths and a sparsity section.</param>
public sealed record SparseWideRun(FlopAccount Given, FlopAccount Widened, string Yaml)
{
    /// <summary>Widens a run.</summary>
    /// <param name="given">A dense run, as read from its file.</param>
    /// <param name="sparsity">The share of zeros in the widened layers, in [0, 1).</param>
    /// <param name="attention">Which query-key pairs count.</param>
    /// <exception cref="ConfigurationException">The run is sparse already, its file cannot be rewritten, or a weight would be too large.</exception>
    public static SparseWideRun Of(RunParameters given, double sparsity, AttentionCounting attention)
    {
        ArgumentNullException.ThrowIfNull(given);
        ModelParameters model = SparseWide.Widen(given.Model, sparsity);
        (string yaml, RunParameters widened) = WidenedParametersFile.Rewrite(given.File, model, sparsity);
        return new SparseWideRun(FlopAccount.Of(given, attention), FlopAccount.Of(widened, attention), yaml);
    }

    /// <summary>Writes <see cref="Yaml"/>, whole or not at all.</summary>
    /// <param name="path">The file; never the run's own.</param>
    /// <param name="overwrite">Whether it may take the place of another.</param>
    /// <exception cref="ConfigurationException">It is a folder or the run's own file, or exists and may not be overwritten.</exception>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public void Write(string path, bool overwrite)
    {
        OutputFiles.Check([path], [Given.Run.File], overwrite);
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(Yaml)));
    }
}
