using System.CommandLine;
using SparseEngine.Cli.Help;
using SparseEngine.Cli.Hosting;
using SparseEngine.Cli.Output;
using SparseEngine.Configuration;
using SparseEngine.Report;

namespace SparseEngine.Cli.Commands;

/// <summary><c>sparse-engine report</c>: writes a page about a run, beside others.</summary>
internal sealed class ReportCommand : Command, IHasExamples
{
    private readonly Option<string> modelDirectory = new("--model_dir", "-o")
    {
        Description = "The model directory of the run, or the folder of a sweep.",
        HelpName = "DIR",
        Required = true,
    };

    private readonly Option<string[]> compare = new("--compare")
    {
        Description = "Model directories of other runs, drawn beside it.",
        HelpName = "DIR",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string?> output = new("--output")
    {
        Description = $"Where the page goes; {RunReport.FileName} in the model directory if not given.",
        HelpName = "FILE",
    };

    private readonly Option<int?> systems = new("--num_csx")
    {
        Description = "CS-2s to predict for; 1 if not given.",
        HelpName = "N",
        CustomParser = OptionValues.WholeNumber(1),
    };

    private readonly Option<bool> force = new("--force")
    {
        Description = "Overwrite the file that --output names.",
        Arity = ArgumentArity.Zero,
    };

    public ReportCommand()
        : base("report", "Write a page about a run: losses, FLOPs, sparsity, speed, and what CS-2s would make of it.")
    {
        Add(modelDirectory);
        Add(compare);
        Add(output);
        Add(force);
        Add(systems);
        SetAction(Write);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples { get; } =
    [
        new("A page about a run, in its model directory", "report --model_dir out/sparse"),
        new("The same beside the dense run", "report --model_dir out/sparse --compare out/dense --output report.html"),
    ];

    private int Write(ParseResult line)
    {
        Terminal terminal = new();
        if (SweepReport.IsSweep(line.GetRequiredValue(modelDirectory)))
        {
            return WriteOfSweep(line, terminal);
        }

        string path = RunReport.Write(
            [line.GetRequiredValue(modelDirectory), .. line.GetValue(compare) ?? []], line.GetValue(output), line.GetValue(force),
            line.GetValue(systems) ?? 1, terminal.WriteErrorLine);
        terminal.WriteLine($"{path}: written; open it in a browser");
        return ExitCode.Done;
    }

    private int WriteOfSweep(ParseResult line, Terminal terminal)
    {
        string directory = line.GetRequiredValue(modelDirectory);
        if (line.GetValue(compare) is { Length: > 0 })
        {
            throw new ConfigurationException(
                $"{directory}: is a sweep, whose page has all of its runs; valid: no --compare, or --model_dir of a run");
        }

        string path = SweepReport.Write(directory, line.GetValue(output), line.GetValue(force));
        terminal.WriteLine($"{path}: written; open it in a browser");
        return ExitCode.Done;
    }
}
