using System.Globalization;
using BenchmarkDotNet.Running;
using SparseEngine.Benchmarks;
using SparseEngine.Benchmarks.Comparison;
using SparseEngine.Benchmarks.LearningRates;
using SparseEngine.Benchmarks.Scaling;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;

// "products [TOKENS...]", "gemm [ROWSxCOLUMNSxTOKENS...]", "head", "floors [TOKENS...]", "blocks [TOKENS...]", "widths",
// "crossover [Vector128|Vector256|Vector512]", "steps [gpt2-small|WIDTHS...]", "study_steps WIDTHS...", "study_plot RUNS PLOT", "passes",
// "levels PLOT", "scaling [ZEROS]", "scaling PLOT PLOT", "schedule [WORKERS...]", "busy [HIDDEN] PROGRAM [PROGRAM...]", "memory", "family",
// "generation", "dynamic [Gmp|Set|RigL...]", "learning_rates [--OPTION VALUE...]", "ranks [N [LAUNCHER]]", "scaling_model PLOT": tables of what
// is measured in turn, and plots.
// Anything else is BenchmarkDotNet's (--filter, --list, --memory); without arguments all of its benchmarks run.
switch (args)
{
    case [OpenBlasProcess.Argument, string threads]:
        OpenBlasProcess.Serve(int.Parse(threads, CultureInfo.InvariantCulture));
        break;
    case ["products", .. string[] tokens] when OpenBlas.IsPresent:
        using (HostDevice device = HostDevice.Create(Environment.ProcessorCount, method: ProductMethod.Sparse))
        {
            ProductTables.PrintSparse(
                device, tokens.Length == 0 ? null : [.. tokens.Select(count => int.Parse(count, CultureInfo.InvariantCulture))]);
        }

        break;
    case ["gemm", .. string[] sizes] when OpenBlas.IsPresent:
        using (HostDevice device = HostDevice.Create(Environment.ProcessorCount))
        {
            ProductTables.PrintDense(device, sizes.Length == 0 ? null : [.. sizes.Select(Size)]);
        }

        break;
    case ["head"] when OpenBlas.IsPresent:
        using (HostDevice device = HostDevice.Create(Environment.ProcessorCount))
        {
            HeadTables.Print(device);
        }

        break;
    case ["products" or "gemm" or "head", ..]:
        await Console.Error.WriteLineAsync("OpenBLAS is not on this machine; on Debian: apt-get install libopenblas0-pthread").ConfigureAwait(false);
        return 1;
    case ["widths"]:
        ProductTables.PrintWidths();
        break;
    case ["floors"]:
        FloorTables.PrintLoops();
        break;
    case ["floors", .. string[] tokens]:
        FloorTables.PrintProducts([.. tokens.Select(count => int.Parse(count, CultureInfo.InvariantCulture))]);
        break;
    case ["blocks", .. string[] tokens]:
        BlockTables.Print(tokens.Length == 0 ? [512] : [.. tokens.Select(count => int.Parse(count, CultureInfo.InvariantCulture))]);
        break;
    case ["steps"]:
        StepTables.PrintPeers(StepSize.All, Rounds.CountOfSteps);
        break;
    case ["steps", "gpt2-small"]:
        StepTables.PrintPeers([StepSize.Gpt2Small], StepTables.CountOfLongRounds);
        break;
    case ["steps", .. string[] widths]:
        StepTables.PrintPeers(
            widths.Select(width => StepSize.OfStudy(int.Parse(width, CultureInfo.InvariantCulture))), StepTables.CountOfShortRounds);
        break;
    case ["study_steps", .. string[] widths]:
        StudyTimes.Print([.. widths.Select(width => int.Parse(width, CultureInfo.InvariantCulture))]);
        break;
    case ["study_plot", string runs, string plot]:
        StudyPlot.Save(runs, plot);
        break;
    case ["levels", string plot]:
        StepTables.PrintLevels(plot);
        break;
    case ["scaling", string tokensPlot, string nonZerosPlot]:
        StepTables.PrintScaling(tokensPlot, nonZerosPlot);
        break;
    case ["scaling"]:
        ThreadTables.Print(zeros: 75);
        break;
    case ["scaling", string zeros]:
        ThreadTables.Print(int.Parse(zeros, CultureInfo.InvariantCulture));
        break;
    case ["schedule", .. string[] workers]:
        ScheduleTables.Print(
            workers.Length == 0 ? [16, 64, 128] : [.. workers.Select(count => int.Parse(count, CultureInfo.InvariantCulture))], zeros: 75);
        break;
    case ["busy", string hidden, .. string[] programs] when int.TryParse(hidden, CultureInfo.InvariantCulture, out int width):
        BusyTables.Print(programs, width);
        break;
    case ["busy", .. string[] programs]:
        BusyTables.Print(programs, hidden: null);
        break;
    case [Spinners.Argument]:
        Spinners.Spin();
        break;
    case ["passes"]:
        StepTables.PrintPasses();
        break;
    case ["family"]:
        FamilyTables.Print();
        break;
    case ["generation"]:
        GenerationTables.Print();
        break;
    case ["scaling_model", string plot]:
        ScalingTables.Print(plot);
        break;
    case ["ranks", .. string[] choices]:
        if ((choices.ElementAtOrDefault(1) ?? RankProcesses.FindLauncher()) is not { } launcher)
        {
            await Console.Error.WriteLineAsync("no launcher of MPI is on the PATH; on Debian: apt-get install openmpi-bin").ConfigureAwait(false);
            return 1;
        }

        RankTables.Print(launcher, int.Parse(choices.ElementAtOrDefault(0) ?? "2", CultureInfo.InvariantCulture));
        break;
    case [RankWorker.Argument, string port, string zeros]:
        RankWorker.Serve(int.Parse(port, CultureInfo.InvariantCulture), int.Parse(zeros, CultureInfo.InvariantCulture));
        break;
    case ["memory"]:
        StepTables.PrintMemory();
        break;
    case ["dynamic", .. string[] algorithms]:
        DynamicTables.Print([.. algorithms.Select(Enum.Parse<SparsityAlgorithm>)]);
        break;
    case [DynamicTables.MemoryArgument, string zeros, string algorithm]:
        DynamicTables.MeasureMemory(int.Parse(zeros, CultureInfo.InvariantCulture), Enum.Parse<SparsityAlgorithm>(algorithm));
        break;
    case [StepTables.MemoryArgument, string size, string zeros]:
        StepTables.MeasureMemory(int.Parse(size, CultureInfo.InvariantCulture), int.Parse(zeros, CultureInfo.InvariantCulture));
        break;
    case ["learning_rates", .. string[] options]:
        return LearningRateSweep.Run(options);
    case ["crossover", .. string[] widths]:
        ProductTables.PrintCrossover(widths is [string name] ? Enum.Parse<SimdWidth>(name) : HostDevice.BestWidth);
        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(SparseProducts).Assembly).Run(args.Length == 0 ? ["--filter", "*"] : args, new BenchmarkSettings());
        break;
}

return 0;

static (int Rows, int Columns, int Tokens) Size(string text) =>
    text.Split('x').Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToArray() is [int rows, int columns, int tokens]
        ? (rows, columns, tokens)
        : throw new FormatException(text);
