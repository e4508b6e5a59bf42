using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using SparseEngine.Accounting;
using SparseEngine.Cli.Help;
using SparseEngine.Cli.Hosting;
using SparseEngine.Cli.Output;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;

namespace SparseEngine.Cli.Commands;

/// <summary><c>sparse-engine flops</c>: counts what a YAML's run costs, and widens it to a sparse one of equal cost.</summary>
internal sealed class FlopsCommand : Command, IHasExamples
{
    private readonly Option<string> parameters = new("--params", "-p")
    {
        Description = "The YAML file of the run.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<AttentionCounting> attention = new("--attention")
    {
        Description = "full, the default, counts every query-key pair, as published figures do; causal those that are computed, half of them.",
        HelpName = "full|causal",
        CustomParser = OptionValues.OneOf(("full", AttentionCounting.Full), ("causal", AttentionCounting.Causal)),
    };

    private readonly Option<double?> sparsity = new("--sparsity")
    {
        Description =
            "The share of zeros in all linear layers of the decoder, in place of the file's sparsity section; with --iso-flop, of the widened ones.",
        HelpName = "S",
        CustomParser = OptionValues.Fraction,
    };

    private readonly Option<string?> isoFlop = new("--iso-flop")
    {
        Description = "sparse-wide: widen the dense run so that with --sparsity its linear layers keep their FLOPs (Sparse-IFT).",
        HelpName = "sparse-wide",
        CustomParser = OptionValues.OneOf<string?>(("sparse-wide", "sparse-wide")),
    };

    private readonly Option<string?> output = new("--output", "-o")
    {
        Description = "With --iso-flop: where the widened run's YAML goes.",
        HelpName = "FILE",
    };

    private readonly Option<bool> force = new("--force")
    {
        Description = "Overwrite what exists.",
        Arity = ArgumentArity.Zero,
    };

    private readonly Option<bool> json = new("--json")
    {
        Description = "Print one JSON object in place of tables.",
        Arity = ArgumentArity.Zero,
    };

    public FlopsCommand()
        : base("flops", "Count a run's floating-point operations, parameters and bytes, dense against sparse; without data or training.")
    {
        Option[] options = [parameters, attention, sparsity, isoFlop, output, force, json];
        foreach (Option option in options)
        {
            Add(option);
        }

        Validators.Add(CheckTogether);
        SetAction(Count);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples { get; } =
    [
        new("Dense against sparse, layer by layer", "flops -p configs/quickstart.yaml"),
        new("Widen a dense run so that it costs the same at 75% zeros", "flops -p dense.yaml --iso-flop sparse-wide --sparsity 0.75 -o wide.yaml"),
    ];

    private void CheckTogether(CommandResult result)
    {
        bool widens = result.GetResult(isoFlop) is not null;
        if (widens && result.GetResult(sparsity) is null)
        {
            result.AddError("--iso-flop needs --sparsity.");
        }

        if (!widens && result.GetResult(output) is not null)
        {
            result.AddError("--output goes with --iso-flop.");
        }
    }

    private int Count(ParseResult line)
    {
        Terminal terminal = new();
        (RunParameters run, ImmutableArray<Diagnostic> warnings) = RunParametersReader.ReadFile(line.GetRequiredValue(parameters));
        foreach (Diagnostic warning in warnings)
        {
            terminal.WriteErrorLine($"{warning}");
        }

        if (line.GetValue(isoFlop) is null)
        {
            Report(line, run, terminal);
        }
        else
        {
            Widen(line, run, terminal);
        }

        return ExitCode.Done;
    }

    private void Report(ParseResult line, RunParameters given, Terminal terminal)
    {
        RunParameters run = line.GetValue(sparsity) is { } level
            ? given with { Sparsity = SparsityParameters.OfLinearLayers(level, location: "--sparsity") }
            : given;
        FlopAccount account = FlopAccount.Of(run, line.GetValue(attention));
        foreach (string warning in account.Plan.Warnings)
        {
            terminal.WriteErrorLine(warning);
        }

        if (line.GetValue(json))
        {
            Terminal.Write($"{FlopJson.Of(account)}\n");
            return;
        }

        terminal.Write(FlopTable.Of(account));
        terminal.Write(FlopTable.FactsOf(account));
    }

    private void Widen(ParseResult line, RunParameters run, Terminal terminal)
    {
        SparseWideRun widened = SparseWideRun.Of(run, line.GetValue(sparsity)!.Value, line.GetValue(attention));
        string? file = line.GetValue(output);
        if (file is not null)
        {
            widened.Write(file, line.GetValue(force));
        }

        if (line.GetValue(json))
        {
            Terminal.Write($"{FlopJson.Of(widened, file)}\n");
            return;
        }

        terminal.Write(SparseWideTable.Of(widened));
        if (file is not null)
        {
            terminal.WriteLine($"{file}: the widened run");
        }
    }
}
