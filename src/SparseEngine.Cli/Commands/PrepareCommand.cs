using System.CommandLine;
using SparseEngine.Cli.Help;
using SparseEngine.Cli.Hosting;
using SparseEngine.Cli.Output;
using SparseEngine.Data.Preparation;

namespace SparseEngine.Cli.Commands;

/// <summary><c>sparse-engine prepare</c>: makes training data of text.</summary>
internal sealed class PrepareCommand : Command, IHasExamples
{
    private readonly Option<string[]> input = new("--input", "-i")
    {
        Description = "Text, JSONL, and either compressed with gzip or zstd: files, folders, or patterns such as 'data/**/*.jsonl.gz'.",
        HelpName = "FILE|DIR|GLOB",
        Required = true,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string> output = new("--output", "-o")
    {
        Description = "The folder to write: train, val, and dataset.json, which describes them.",
        HelpName = "DIR",
        Required = true,
    };

    private readonly Option<string> tokenizer = new("--tokenizer")
    {
        Description = "byte, char (the vocabulary is the input's characters), gpt2, or a tokenizer.json or vocab.json of a byte-level BPE.",
        HelpName = "byte|char|gpt2|FILE",
        Required = true,
    };

    private readonly Option<int?> maxSequenceLength = new("--max_sequence_length")
    {
        Description = "Tokens in a sample.",
        HelpName = "N",
        Required = true,
        CustomParser = OptionValues.WholeNumber(1),
    };

    private readonly Option<double?> validationFraction = new("--validation_fraction")
    {
        Description = "The share of the documents to hold out; of a single text file the end of its text.",
        HelpName = "F",
        DefaultValueFactory = _ => 0,
        CustomParser = OptionValues.Fraction,
    };

    private readonly Option<string> jsonlKey = new("--jsonl_key")
    {
        Description = "The key of the text in each line of JSONL.",
        HelpName = "KEY",
        DefaultValueFactory = _ => "text",
    };

    private readonly Option<string?> endToken = new("--end_token")
    {
        Description = "The token of a tokenizer's file that ends a document; looked for by the usual names if not given.",
        HelpName = "TEXT",
    };

    private readonly Option<int?> samplesPerFile = new("--samples_per_file")
    {
        Description = "Samples in an HDF5 file; if not given, so many as hold 8 million tokens.",
        HelpName = "N",
        CustomParser = OptionValues.WholeNumber(1),
    };

    private readonly Option<int?> threads = new("--threads")
    {
        Description = "Threads that tokenize and compress. The output does not depend on them.",
        HelpName = "N",
        DefaultValueFactory = _ => Environment.ProcessorCount,
        CustomParser = OptionValues.WholeNumber(1),
    };

    private readonly Option<bool> force = new("--force")
    {
        Description = "Replace a data set that prepare made before.",
        Arity = ArgumentArity.Zero,
    };

    public PrepareCommand()
        : base("prepare", "Make training data of text.")
    {
        Add(input);
        Add(output);
        Add(tokenizer);
        Add(maxSequenceLength);
        Add(validationFraction);
        Add(jsonlKey);
        Add(endToken);
        Add(samplesPerFile);
        Add(threads);
        Add(force);
        SetAction(line => StopSignals.Run(stop => Prepare(line, stop)));
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples { get; } =
    [
        new(
            "GPT-2's tokens of a folder of text, a hundredth held out",
            "prepare -i texts -o gpt2-data --tokenizer gpt2 --max_sequence_length 1024 --validation_fraction 0.01"),
        new(
            "Compressed JSONL with another model's tokenizer",
            "prepare -i 'data/**/*.jsonl.gz' -o llama-data --tokenizer llama/tokenizer.json --max_sequence_length 2048"),
    ];

    private void Prepare(ParseResult line, CancellationToken stop)
    {
        PreparationOptions options = new()
        {
            Inputs = line.GetRequiredValue(input),
            Output = line.GetRequiredValue(output),
            Tokenizer = line.GetRequiredValue(tokenizer),
            EndToken = line.GetValue(endToken),
            MaxSequenceLength = line.GetValue(maxSequenceLength) ?? 0,
            ValidationFraction = line.GetValue(validationFraction) ?? 0,
            JsonlKey = line.GetValue(jsonlKey)!,
            SamplesPerFile = line.GetValue(samplesPerFile),
            Threads = line.GetValue(threads) ?? Environment.ProcessorCount,
            Overwrite = line.GetValue(force),
        };
        Terminal terminal = new();
        PreparedDataset dataset = PreparationDisplay.Show(terminal, progress => DatasetPreparation.Run(options, progress, stop));
        foreach (string text in PreparationSummary.Of(options.Output, dataset))
        {
            terminal.WriteLine(text);
        }
    }
}
