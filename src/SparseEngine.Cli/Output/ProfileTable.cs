using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Metrics;
using static System.FormattableString;
using Profile = SparseEngine.Kernels.Devices.Profiling.Profile;

namespace SparseEngine.Cli.Output;

/// <summary>What --profile prints: where the time went.</summary>
internal static class ProfileTable
{
    /// <summary>Lays out a profile.</summary>
    /// <param name="profile">The operations.</param>
    /// <param name="trainSeconds">
    /// Seconds spent in training steps; what the operations of a run that only trains do not fill is data and bookkeeping.
    /// </param>
    public static ColumnTable Of(Profile profile, double trainSeconds)
    {
        IReadOnlyList<OperationTotal> totals = profile.Totals;
        double all = SecondsOf(kind => !IsBeside(kind));
        ColumnTable table = new(
            new("operation"), Column.OfNumbers("calls", givesWay: 1), Column.OfNumbers("time", givesWay: 4), Column.OfNumbers("share"),
            Column.OfNumbers("each", givesWay: 2), Column.OfNumbers("GFLOP/s", givesWay: 3));
        foreach (OperationTotal total in totals.OrderBy(total => IsBeside(total.Kind)))
        {
            double seconds = total.Time.TotalSeconds;
            Add(
                total.Name, Quantity.Count(total.Calls), seconds,
                total.Kind switch
                {
                    OperationKind.Setup => "setup",
                    OperationKind.HiddenCommunication => "hidden",
                    _ => Quantity.Percent(seconds, all),
                },
                Invariant($"{1000 * seconds / total.Calls:0.000} ms"), total.Flops > 0 ? Invariant($"{total.Flops / seconds / 1e9:0.0}") : "");
        }

        double linear = SecondsOf(kind => kind == OperationKind.Linear);
        double waiting = SecondsOf(kind => kind == OperationKind.Communication);
        table.AddEmptyRow();
        Add("linear layers", "", linear, Quantity.Percent(linear, all), "", "");
        Add("everything else", "", all - linear - waiting, Quantity.Percent(all - linear - waiting, all), "", "");
        if (waiting > 0)
        {
            Add("waiting for other ranks", "", waiting, Quantity.Percent(waiting, all), "", "");
        }

        double operations = SecondsOf(kind => kind != OperationKind.HiddenCommunication);
        if (trainSeconds > operations)
        {
            Add("between operations", "", trainSeconds - operations, "", "", "");
        }

        return table;

        double SecondsOf(Func<OperationKind, bool> isOne) => totals.Where(total => isOne(total.Kind)).Sum(total => total.Time.TotalSeconds);

        void Add(string name, string calls, double seconds, string share, string each, string rate) =>
            table.AddRow(name, calls, Invariant($"{seconds:0.000} s"), share, each, rate);
    }

    /// <summary>Whether it is no part of the steps' time.</summary>
    private static bool IsBeside(OperationKind kind) => kind is OperationKind.Setup or OperationKind.HiddenCommunication;
}
