using System.Diagnostics;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Host;
using SparseEngine.Runs;
using SparseEngine.Training;
using static System.FormattableString;

namespace SparseEngine.Benchmarks.LearningRates;

/// <summary>Which learning rate is best at which width and density, with and without sparse muP (arXiv 2405.15743): a short run of each.</summary>
internal static class LearningRateSweep
{
    /// <summary>Makes the runs that the file of results lacks, one after another, and tells the best rates.</summary>
    /// <param name="options">As <see cref="SweepSettings"/> reads them.</param>
    /// <returns>The exit code.</returns>
    public static int Run(params ReadOnlySpan<string> options)
    {
        SweepSettings settings;
        try
        {
            settings = SweepSettings.Parse(options);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or OverflowException)
        {
            Console.Error.WriteLine(exception.Message);
            return 2;
        }

        TrialResults results = new(settings);
        Trial[] left = [.. settings.Trials.Where(trial => !results.Has(trial))];
        double flops = left.Sum(trial => RunPlanner.Describe(trial.ToRun(settings, "")).FlopsExecuted * settings.Steps);
        Console.WriteLine(Invariant($"{settings.Trials.Count()} runs, {left.Length} of them to do: {flops / 1e12:F1} TFLOP of training."));
        if (settings.IsDryRun)
        {
            return 0;
        }

        using HostDevice device = HostDevice.Create(Environment.ProcessorCount);
        for (int index = 0; index < left.Length; index++)
        {
            Stopwatch watch = Stopwatch.StartNew();
            double loss = LossOf(left[index], settings, device);
            results.Add(left[index], loss, watch.Elapsed.TotalSeconds);
            Console.WriteLine(Invariant($"{index + 1}/{left.Length}  {left[index]}: loss {loss:F4}, {watch.Elapsed.TotalSeconds:F1} s"));
        }

        PrintBest(settings, results);
        if (settings.Plot is { } path)
        {
            RatePlot.Save(path, settings, results);
        }

        return 0;
    }

    private static double LossOf(Trial trial, SweepSettings settings, HostDevice device)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("sparse-engine-");
        try
        {
            RunParameters run = trial.ToRun(settings, folder.FullName);
            return TrainingRun.Create(run, RunMode.TrainAndEval, device).Execute().Evaluation?.Loss ?? double.PositiveInfinity;
        }
        catch (TrainingException)
        {
            // A rate that is too high: the loss is no number any more.
            return double.PositiveInfinity;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void PrintBest(SweepSettings settings, TrialResults results)
    {
        Console.WriteLine();
        Console.WriteLine("| | hidden | zeros | best rate | loss | loss at the best rate of the dense base |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (Parametrization parametrization in settings.Parametrizations)
        {
            int inherited = Best(parametrization, settings.Hidden[0], settings.Zeros[0]);
            foreach (int hidden in settings.Hidden)
            {
                foreach (int zeros in settings.Zeros)
                {
                    int best = Best(parametrization, hidden, zeros);
                    Console.WriteLine(
                        Invariant($"| {parametrization} | {hidden} | {zeros}% | 2^{best} | {results.Mean(parametrization, hidden, zeros, best):F3} ")
                        + Invariant($"| {results.Mean(parametrization, hidden, zeros, inherited):F3} |"));
                }
            }
        }

        int Best(Parametrization parametrization, int hidden, int zeros) =>
            settings.Exponents.MinBy(exponent => Comparable(results.Mean(parametrization, hidden, zeros, exponent)));

        // What is not a number comes first in order, and is the last that anybody wants.
        static double Comparable(double loss) => double.IsNaN(loss) ? double.PositiveInfinity : loss;
    }
}
