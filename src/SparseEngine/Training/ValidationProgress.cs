using System.Globalization;
using SparseEngine.Checkpoints;

namespace SparseEngine.Training;

/// <summary>The lowest validation loss of a run so far; of several validation data that on the first.</summary>
/// <param name="BestLoss">The loss; infinite where there is none yet.</param>
/// <param name="BestStep">The step that it was measured after; 0 where there is none yet.</param>
/// <param name="Since">Evaluations after that one.</param>
/// <param name="LastStep">The step of the last evaluation; 0 where there was none.</param>
internal readonly record struct ValidationProgress(double BestLoss, int BestStep, int Since, int LastStep)
{
    /// <summary>The checkpoint's metadata key that holds it.</summary>
    public const string Key = "validation.best";

    /// <summary>Before the first evaluation.</summary>
    public static ValidationProgress None { get; } = new(double.PositiveInfinity, 0, 0, 0);

    /// <summary>With another evaluation. One that is not a number is no better than any.</summary>
    public ValidationProgress After(int step, double loss) =>
        loss < BestLoss ? new ValidationProgress(loss, step, 0, step) : this with { Since = Since + 1, LastStep = step };

    /// <summary>How long ago the lowest loss was, for people.</summary>
    public string InWords() => string.Create(
        CultureInfo.InvariantCulture,
        $"the {Counted.Of(Since, "evaluation")} since step {BestStep} brought no validation loss below its {BestLoss:0.0000}");

    /// <summary>As text that round-trips.</summary>
    public string Write() => string.Create(CultureInfo.InvariantCulture, $"{BestLoss:R} {BestStep} {Since} {LastStep}");

    /// <summary>What a checkpoint says; nothing where it does not.</summary>
    public static ValidationProgress Read(CheckpointReader checkpoint)
    {
        string[] parts = checkpoint.Metadata.GetValueOrDefault(Key, "").Split(' ');
        return parts.Length == 4
            && double.TryParse(parts[0], NumberStyles.Float, CultureInfo.InvariantCulture, out double loss)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int best)
            && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out int since)
            && int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out int last)
            ? new ValidationProgress(loss, best, since, last)
            : None;
    }
}
