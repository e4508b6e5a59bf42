using System.Globalization;
using SparseEngine.Checkpoints;

namespace SparseEngine.Training;

/// <summary>The training time so far as a checkpoint keeps it, so that a run which goes on from there counts on.</summary>
internal static class TrainingTime
{
    /// <summary>The checkpoint's metadata key that holds it, in seconds.</summary>
    public const string Key = "training.seconds";

    /// <summary>As text that round-trips.</summary>
    public static string Write(double seconds) => seconds.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Reads it; null where the checkpoint does not say, as those of older versions and of other programs do not.</summary>
    public static double? Read(CheckpointReader checkpoint) =>
        double.TryParse(checkpoint.Metadata.GetValueOrDefault(Key), NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds)
            && double.IsFinite(seconds) && seconds >= 0
            ? seconds
            : null;
}
