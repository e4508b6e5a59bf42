using System.Globalization;
using System.Reflection;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace SparseEngine.Benchmarks;

/// <summary>Executed operations by median time.</summary>
internal sealed class GigaflopsColumn : IColumn
{
    public string Id => nameof(GigaflopsColumn);

    public string ColumnName => "GFLOP/s";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => "Executed floating-point operations by median time; a multiply-add is 2";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        double? median = summary[benchmarkCase]?.ResultStatistics?.Median;
        return median is > 0 ? (FlopsOf(benchmarkCase) / median.Value).ToString("F0", CultureInfo.InvariantCulture) : "-";
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public bool IsAvailable(Summary summary) => true;

    // A benchmark class says how many operations one call of a case executes in a static method of this name.
    private static double FlopsOf(BenchmarkCase benchmark) =>
        benchmark.Descriptor.Type.GetMethod("Flops", BindingFlags.Static | BindingFlags.NonPublic) is { } flops
            ? (double)flops.Invoke(null, [benchmark])!
            : 0;
}
