using System.Collections.Immutable;
using System.CommandLine;
using SparseEngine.Checkpoints.HuggingFace;
using SparseEngine.Cli.Help;
using SparseEngine.Cli.Hosting;
using SparseEngine.Cli.Output;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;

namespace SparseEngine.Cli.Commands;

/// <summary><c>sparse-engine convert</c>: checkpoints to and from models of Hugging Face.</summary>
internal sealed class ConvertCommand : Command, IHasExamples
{
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

    private readonly Option<string?> parameters = new("--params", "-p")
    {
        Description = "The YAML of the checkpoint's run; only for a checkpoint that does not say what model it holds.",
        HelpName = "FILE",
    };

    private readonly Option<string?> to = new("--to")
    {
        Description = "The model_type to write: gpt2, gpt_bigcode, llama, mistral, gpt_neox, gptj, falcon or bloom; by default the first that can "
            + "express the model.",
        HelpName = "TYPE",
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
        : base("convert", "Convert a checkpoint to or from a model of Hugging Face, or from nanoGPT. What the input is decides which.")
    {
        Add(input);
        Add(output);
        Add(to);
        Add(parameters);
        Add(torch);
        Add(force);
        SetAction(line => StopSignals.Run(stop => Convert(line, stop)));
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples { get; } =
    [
        new("Make a Hugging Face model of a checkpoint", "convert -i out/quickstart/checkpoint_700.mdl -o huggingface"),
        new("Start from a Hugging Face model in the folder SmolLM-135M", "convert -i SmolLM-135M -o smollm.mdl"),
        new("Start from a checkpoint of nanoGPT", "convert -i ckpt.pt -o nanogpt.mdl"),
    ];

    private void Convert(ParseResult line, CancellationToken stop)
    {
        Terminal terminal = new();
        ModelParameters? model = line.GetValue(parameters) is { } file ? ReadModel(file, terminal) : null;
        ConversionSummary summary = CheckpointConversion.Convert(
            new ConversionRequest(line.GetRequiredValue(input), line.GetRequiredValue(output), model, line.GetValue(force))
            {
                ModelType = line.GetValue(to),
                PyTorchBin = line.GetValue(torch),
            },
            stop);
        foreach (string warning in summary.Warnings)
        {
            terminal.WriteErrorLine(warning);
        }

        terminal.Write(ConversionTable.Of(summary));
    }

    private static ModelParameters ReadModel(string file, Terminal terminal)
    {
        (RunParameters run, ImmutableArray<Diagnostic> warnings) = RunParametersReader.ReadFile(file);
        foreach (Diagnostic warning in warnings)
        {
            terminal.WriteErrorLine($"{warning}");
        }

        return run.Model;
    }
}
