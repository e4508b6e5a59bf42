using System.Collections.Immutable;

namespace SparseEngine.Checkpoints;

/// <summary>The numbers under which PyTorch keeps an optimizer's states: parameters counted group by group.</summary>
/// <remarks>
/// The Model Zoo makes two groups: what decays, and what does not, which is all whose names contain "bias", and the normalizations.
/// Model Zoo 1.8 knows of those torch.nn.LayerNorm alone, so that the weight of a normalization without biases is in the first group;
/// later versions know them all.
/// </remarks>
internal static class OptimizerNumbers
{
    private const string Bias = "bias";
    private const string Weight = ".weight";

    /// <summary>The parameters by their numbers, as Model Zoo 1.8 counts them.</summary>
    /// <param name="parameters">All parameters in <c>named_parameters()</c> order, a tied head left out.</param>
    /// <returns>The group that decays and the one that does not; numbers run on from the one to the other.</returns>
    public static (ImmutableArray<string> Decaying, ImmutableArray<string> Others) OfZoo18(IReadOnlyCollection<string> parameters)
    {
        HashSet<string> names = [.. parameters];
        return Split(parameters, name => !IsBias(name) && !(IsNorm(name) && names.Contains($"{name[..^Weight.Length]}.{Bias}")));
    }

    /// <summary>As later versions count them.</summary>
    public static (ImmutableArray<string> Decaying, ImmutableArray<string> Others) OfZoo2(IReadOnlyCollection<string> parameters) =>
        Split(parameters, name => !IsBias(name) && !IsNorm(name));

    private static (ImmutableArray<string> Decaying, ImmutableArray<string> Others) Split(
        IReadOnlyCollection<string> parameters, Func<string, bool> decays) =>
        ([.. parameters.Where(decays)], [.. parameters.Where(name => !decays(name))]);

    private static bool IsBias(string name) => name.Contains(Bias, StringComparison.Ordinal);

    private static bool IsNorm(string name)
    {
        if (!name.EndsWith(Weight, StringComparison.Ordinal))
        {
            return false;
        }

        string module = name[..^Weight.Length];
        string last = module[(module.LastIndexOf('.') + 1)..];
        return last.Contains("norm", StringComparison.Ordinal) || last.EndsWith("ln_f", StringComparison.Ordinal);
    }
}
