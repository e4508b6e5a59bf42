using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Metrics;
using Spectre.Console;
using Profile = SparseEngine.Kernels.Devices.Profiling.Profile;

namespace SparseEngine.Cli.Output;

/// <summary>What --profile prints: where the time went.</summary>
internal static class ProfileTable
{
    /// <summary>Lays out a profile.</summary>
    /// <param name="profile">The operations.</param>
    /// <param name="trainSeconds">Seconds spent in training steps; what the operations of a run that only trains do not fill is data and bookkeeping.</param>
    public static Table Of(Profile profile, double trainSeconds)
    {
        IReadOnlyList<OperationTotal> totals = profile.Totals;
        double all = totals.Where(total => total.Kind != OperationKind.Setup).Sum(total => total.Time.TotalSeconds);
        Table table = new() { Border = TableBorder.Simple };
        table.AddColumn(new TableColumn("operation") { NoWrap = true });
        foreach (string name in new[] { "calls", "time", "share", "each", "GFLOP/s" })
        {
            table.AddColumn(new TableColumn(name) { NoWrap = true, Alignment = Justify.Right });
        }

        foreach (OperationTotal total in totals.OrderBy(total => total.Kind == OperationKind.Setup))
        {
            double seconds = total.Time.TotalSeconds;
            Add(
                total.Name, Quantity.Count(total.Calls), seconds, total.Kind == OperationKind.Setup ? "setup" : Quantity.Percent(seconds, all),
                $"{1000 * seconds / total.Calls:0.000} ms", total.Flops > 0 ? $"{total.Flops / seconds / 1e9:0.0}" : "");
        }

        double linear = totals.Where(total => total.Kind == OperationKind.Linear).Sum(total => total.Time.TotalSeconds);
        table.AddEmptyRow();
        Add("linear layers", "", linear, Quantity.Percent(linear, all), "", "");
        Add("everything else", "", all - linear, Quantity.Percent(all - linear, all), "", "");
        double operations = totals.Sum(total => total.Time.TotalSeconds);
        if (trainSeconds > operations)
        {
            Add("between operations", "", trainSeconds - operations, "", "", "");
        }

        return table;

        void Add(string name, string calls, double seconds, string share, string each, string rate) =>
            table.AddRow(new Text(name), new Text(calls), new Text($"{seconds:0.000} s"), new Text(share), new Text(each), new Text(rate));
    }
}
