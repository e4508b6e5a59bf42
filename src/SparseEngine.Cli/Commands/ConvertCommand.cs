using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using SparseEngine.Checkpoints;
using SparseEngine.Checkpoints.HuggingFace;
using SparseEngine.Checkpoints.ModelZoo;
using SparseEngine.Cli.Help;
using SparseEngine.Cli.Hosting;
using SparseEngine.Cli.Output;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Metrics;

namespace SparseEngine.Cli.Commands;

/// <summary><c>sparse-engine convert</c>: checkpoints to and from models of Hugging Face, from nanoGPT, and to the Model Zoo's container.</summary>
internal sealed class ConvertCommand : Command, IHasExamples
{
    private const string Zoo = "zoo-1.8";
    private const string Ours = "sparse-engine";

    private readonly Option<string> input = new("--input", "-i")
    {
        Description = "A Hugging Face model, which is the folder with its config.json, a checkpoint of nanoGPT, or one of this program.",
        HelpName = "PATH",
        Required = true,
    };

    private readonly Option<string> output = new("--output", "-o")
    {
        Description =
            "From Hugging Face or nanoGPT: the checkpoint to write, .mdl or .safetensors; its model section goes beside it as .yaml. "
            + "To Hugging Face: a folder.",
        HelpName = "PATH",
        Required = true,
    };

    private readonly Option<string?> target = new("--to")
    {
        Description =
            "What to make of a checkpoint: zoo-1.8, an .mdl file of Model Zoo 1.8 with weights, optimizer state and step; sparse-engine, one of this "
            + "program; or the model_type of the Hugging Face model, by default the first that can express it.",
        HelpName = "TARGET",
        CustomParser = OptionValues.OneOf<string>([(Zoo, Zoo), (Ours, Ours), .. CheckpointConversion.ModelTypes.Select(type => (type, type))]),
    };

    private readonly Option<string?> parameters = new("--params", "-p")
    {
        Description =
            "The YAML of the checkpoint's run: for a checkpoint that does not say what model it holds, and for an optimizer's state that goes "
            + "to zoo-1.8.",
        HelpName = "FILE",
    };

    private readonly Option<bool> torch = new("--pytorch_bin")
    {
        Description = "To Hugging Face: write the weights as pytorch_model.bin, for programs that cannot read model.safetensors.",
        Arity = ArgumentArity.Zero,
    };

    private readonly Option<bool> force = new("--force")
    {
        Description = "Overwrite what exists.",
        Arity = ArgumentArity.Zero,
    };

    public ConvertCommand()
        : base("convert", "Convert a checkpoint to or from a model of Hugging Face, or from nanoGPT, as the input is, or to what --to names.")
    {
        Add(input);
        Add(output);
        Add(target);
        Add(parameters);
        Add(torch);
        Add(force);
        SetAction(line => StopSignals.Run(stop => Convert(line, stop)));
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples { get; } =
    [
        new("Make a Hugging Face model of a checkpoint", "convert -i out/quickstart/checkpoint_5000.mdl -o huggingface"),
        new("Start from a Hugging Face model in the folder SmolLM-135M, or from nanoGPT's ckpt.pt", "convert -i SmolLM-135M -o smollm.mdl"),
        new(
            "Go on in Model Zoo 1.8 where a run stands",
            "convert -i out/quickstart/checkpoint_5000.mdl --to zoo-1.8 -p configs/quickstart.yaml -o zoo/checkpoint_5000.mdl"),
    ];

    private void Convert(ParseResult line, CancellationToken stop)
    {
        Terminal terminal = new();
        RunParameters? run = line.GetValue(parameters) is { } file ? ReadRun(file, terminal) : null;
        if (line.GetValue(target) is (Zoo or Ours) and { } named)
        {
            Make(named, line, run, terminal, stop);
            return;
        }

        ConversionSummary summary = CheckpointConversion.Convert(
            new ConversionRequest(line.GetRequiredValue(input), line.GetRequiredValue(output), run?.Model, line.GetValue(force))
            {
                ModelType = line.GetValue(target),
                PyTorchBin = line.GetValue(torch),
            },
            stop);
        foreach (string warning in summary.Warnings)
        {
            terminal.WriteErrorLine(warning);
        }

        terminal.Write(ConversionTable.Of(summary));
    }

    private void Make(string named, ParseResult line, RunParameters? run, Terminal terminal, CancellationToken stop)
    {
        string path = line.GetRequiredValue(output);
        CheckpointOutput? ours = named == Ours ? CheckpointOutput.For(path, line.GetRequiredValue(input), line.GetValue(force)) : null;
        using CheckpointReader reader = CheckpointReader.Open(line.GetRequiredValue(input));
        terminal.WriteWarnings(reader);
        if (ours is null)
        {
            ZooExportSummary zoo = ZooExport.Write(reader, path, run, line.GetValue(force), stop);
            terminal.WriteLine(
                $"{zoo.Path}: {Quantity.Count(zoo.Parameters, "parameter")}, {Quantity.Count(zoo.StateTensors, "tensor")} of optimizer state, "
                + $"{(zoo.Step is { } step ? $"step {step.ToString(CultureInfo.InvariantCulture)}" : "no step")}, {Quantity.Bytes(zoo.Bytes)}");
        }
        else
        {
            CopiedCheckpoint copy = CheckpointCopy.Write(reader, ours, run?.Model, stop);
            terminal.WriteLine($"{path}: {Quantity.Count(copy.Tensors, "tensor")}, {Quantity.Bytes(copy.Bytes)}");
        }
    }

    private static RunParameters ReadRun(string file, Terminal terminal)
    {
        (RunParameters run, ImmutableArray<Diagnostic> warnings) = RunParametersReader.ReadFile(file);
        foreach (Diagnostic warning in warnings)
        {
            terminal.WriteErrorLine($"{warning}");
        }

        return run;
    }
}
