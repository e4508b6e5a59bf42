using System.CommandLine;
using SparseEngine.Cli.Help;
using SparseEngine.Cli.Hosting;
using SparseEngine.Cli.Output;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Metrics;
using SparseEngine.Report;
using SparseEngine.Runs;
using SparseEngine.Sweeps;
using static System.FormattableString;

namespace SparseEngine.Cli.Commands;

/// <summary><c>sparse-engine sweep</c>: a grid of runs, one after another, each a process of its own.</summary>
/// <remarks>
/// A process for each run: what ends one, want of memory and the system's killer included, does not end the others; all its memory is free for the
/// next; and each starts as cold as any other, so that their seconds compare.
/// </remarks>
internal sealed class SweepCommand : Command, IHasExamples
{
    private static readonly TimeSpan Notice = TimeSpan.FromSeconds(1);

    private readonly SweepOptions options = new();

    public SweepCommand()
        : base("sweep", "Train a grid of settings, one run after another, and compare them. The same command goes on where it was ended.")
    {
        options.AddTo(this);
        SetAction(line => Sweep(options.Read(line)));
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples { get; } =
    [
        new(
            "Which learning rate suits which sparsity",
            "sweep -p tiny.yaml --set sparsity.sparsity=0.5,0.75,0.9 --set optimizer.learning_rate=1e-3,2e-3,4e-3 --max_steps 200 -o out/grid"),
        new(
            "Dense beside two methods, each with three seeds",
            "sweep -p tiny.yaml --set sparsity=none,@rigl.yaml,@gmp.yaml --seeds 3 -o out/methods"),
        new(
            "Which width comes furthest in two minutes",
            "sweep -p tiny.yaml --set model.hidden_size:model.filter_size=64:256,128:512,256:1024 --time_budget 2m -o out/widths"),
    ];

    private static int Sweep(SweepCommandRequest request)
    {
        SweepGrid grid = SweepGrid.Create(request.Sweep);
        Terminal terminal = new();
        foreach (Diagnostic warning in grid.Warnings)
        {
            terminal.WriteErrorLine($"{warning}");
        }

        if (request.ValidateOnly)
        {
            terminal.Write(SweepTableView.OfPlan(grid));
            return ExitCode.Done;
        }

        CheckDevice(request);
        using StopSignals stop = new();
        using Sweep sweep = Sweeps.Sweep.Open(grid, request.Directory);
        if (request.RetryFailed)
        {
            sweep.RetryFailed();
        }

        SweepDisplay display = SweepDisplay.Create(terminal, grid, sweep);
        display.Show(() => sweep.Execute((run, token) => Launch(request, sweep, run, display, token), display, stop.Token));
        terminal.Write(SweepTableView.Of(grid, [.. grid.Runs.Select(sweep.ResultOf)]));
        WriteReport(request, sweep, terminal);
        return End(grid, sweep, stop, terminal);
    }

    /// <summary>A device that is not there fails once, not with every run.</summary>
    private static void CheckDevice(SweepCommandRequest request)
    {
        if (request.Device.IsAccelerator)
        {
            using ComputeDevice device = request.Device.Open(request.Threads, request.Products);
        }
    }

    private static RunEnd Launch(SweepCommandRequest request, Sweep sweep, SweepRun run, SweepDisplay display, CancellationToken stop)
    {
        string folder = sweep.FolderOf(run);
        string mode = run.Mode == RunMode.Train ? "train" : "train_and_eval";
        (int exitCode, string lastError) = ChildProgram.Run(
            [
                "run", .. request.Sweep.RunOptions, "--params", Path.Combine(folder, Sweeps.Sweep.RunFileName), "--mode", mode,
                "--model_dir", folder, RunOptions.StopWithInputName,
            ],
            display.OnRunLine, stop);
        bool isStopped = exitCode is ExitCode.Interrupted or ExitCode.Terminated or ExitCode.HungUp;

        // Ctrl-C comes to both, and to a run that is just starting it may be deadly before this program has noticed.
        return exitCode == ExitCode.Done ? RunEnd.Done
            : isStopped && stop.WaitHandle.WaitOne(Notice) ? RunEnd.Stopped
            : RunEnd.Failed(Reason(exitCode, lastError));
    }

    private static string Reason(int exitCode, string lastError)
    {
        const int ofSignal = 128;
        const int kill = 9;
        return exitCode switch
        {
            ofSignal + kill => "it was killed: by somebody, or by the system for want of memory",
            > ofSignal when lastError.Length == 0 => Invariant($"it was ended by signal {exitCode - ofSignal}"),
            _ => lastError.Length > 0 ? Terminal.Plain(lastError) : Invariant($"it ended with exit code {exitCode}"),
        };
    }

    private static void WriteReport(SweepCommandRequest request, Sweep sweep, Terminal terminal)
    {
        try
        {
            string path = SweepReport.Write(request.Directory, output: null, overwrite: true);
            terminal.WriteLine($"{path}: written; open it in a browser");
        }
        catch (Exception problem) when (problem is ConfigurationException && sweep.DoneCount + sweep.FailedCount > 0)
        {
            // Without fonts there is no page, and all else is as it should be.
            terminal.WriteErrorLine(problem.Message);
        }
        catch (ConfigurationException)
        {
            // Nothing has been done yet that a page could be about.
        }
    }

    private static int End(SweepGrid grid, Sweep sweep, StopSignals stop, Terminal terminal)
    {
        int left = grid.Runs.Length - sweep.DoneCount - sweep.FailedCount;
        string of = Quantity.Count(grid.Runs.Length, "run");
        if (left > 0)
        {
            terminal.WriteErrorLine(Invariant($"Stopped: {left} of {of} are still to do; the same command goes on."));
            return stop.ExitCode == 0 ? ExitCode.Failed : stop.ExitCode;
        }

        if (sweep.FailedCount > 0)
        {
            terminal.WriteErrorLine(Invariant($"{sweep.FailedCount} of {of} failed; the same command with --retry_failed tries again."));
            return ExitCode.Failed;
        }

        return ExitCode.Done;
    }
}
