namespace SparseEngine.Report.Sweeps;

/// <summary>The losses that no run had reached for less.</summary>
internal static class ParetoFront
{
    /// <summary>The front of some losses: ascending in cost, strictly falling in loss.</summary>
    public static IReadOnlyList<MeasuredLoss> Of(IEnumerable<MeasuredLoss> losses, Func<MeasuredLoss, double> cost)
    {
        List<MeasuredLoss> front = [];
        foreach (MeasuredLoss loss in losses.OrderBy(cost).ThenBy(loss => loss.Loss))
        {
            if (front.Count == 0 || loss.Loss < front[^1].Loss)
            {
                front.Add(loss);
            }
        }

        return front;
    }
}
