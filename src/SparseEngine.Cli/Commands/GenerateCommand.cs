using System.CommandLine;
using System.Text;
using SparseEngine.Cli.Help;
using SparseEngine.Cli.Hosting;
using SparseEngine.Cli.Output;
using SparseEngine.Data.Tokenizers;
using SparseEngine.Inference;
using SparseEngine.Kernels;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Cli.Commands;

/// <summary><c>sparse-engine generate</c>: continues a prompt with what a model has learned.</summary>
internal sealed class GenerateCommand : Command, IHasExamples
{
    private readonly Option<string> checkpoint = new("--checkpoint_path")
    {
        Description = "The checkpoint of a trained model.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string> prompt = new("--prompt")
    {
        Description = "The text to continue.",
        HelpName = "TEXT",
        Required = true,
    };

    private readonly Option<string> tokenizer = new("--tokenizer")
    {
        Description = "What the model was trained on: byte, gpt2, or a tokenizer.json or vocab.json.",
        HelpName = "byte|gpt2|FILE",
        DefaultValueFactory = _ => Tokenizer.Byte,
    };

    private readonly Option<string?> endToken = new("--end_token")
    {
        Description = "The token of a tokenizer's file that ends a document; looked for by the usual names if not given.",
        HelpName = "TEXT",
    };

    private readonly Option<int?> maxTokens = Number("--max_tokens", 1, 200, "Tokens to add at most.");
    private readonly Option<int?> topK = Number("--top_k", 0, 40, "Draw from the K likeliest tokens only; 0 draws from all.");
    private readonly Option<int?> seed = Number("--seed", 0, 1, "Seed of the draws.");
    private readonly Option<int?> threads = Number("--threads", 1, Environment.ProcessorCount, "Threads of the host.");

    private readonly Option<bool> oversubscribe = HostThreads.CreateOversubscribe();

    private readonly Option<double?> temperature = new("--temperature")
    {
        Description = "Below 1 likely tokens get likelier; 0 always takes the likeliest.",
        HelpName = "T",
        DefaultValueFactory = _ => 0.8,
        CustomParser = OptionValues.NonNegative,
    };

    private readonly Option<double?> topP = new("--top_p")
    {
        Description = "Draw from the fewest likeliest tokens whose probabilities add up to P; 1 draws from all.",
        HelpName = "P",
        DefaultValueFactory = _ => 1,
        CustomParser = OptionValues.Probability,
    };

    private readonly Option<DeviceChoice?> device = DeviceOption.Create("The device that computes; the host if not given.");

    public GenerateCommand()
        : base("generate", "Continue a prompt.")
    {
        Add(checkpoint);
        Add(prompt);
        Add(tokenizer);
        Add(endToken);
        Add(maxTokens);
        Add(temperature);
        Add(topK);
        Add(topP);
        Add(seed);
        Add(threads);
        Add(oversubscribe);
        Add(device);
        SetAction(Generate);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples { get; } =
    [
        new("Continue a prompt", "generate --checkpoint_path out/quickstart/checkpoint_5000.mdl --prompt \"Returns the \""),
        new(
            "Always the likeliest next token, of a model that was trained on GPT-2's",
            "generate --checkpoint_path gpt2.mdl --tokenizer gpt2 --temperature 0 --prompt \"Once upon a time\""),
    ];

    private int Generate(ParseResult line)
    {
        DeviceChoice choice = line.GetValue(device) ?? new DeviceChoice(DeviceKind.Host);
        Terminal terminal = new();
        using ComputeDevice computer = choice.Open(
            HostThreads.Limited(line.GetValue(threads) ?? Environment.ProcessorCount, line.GetValue(oversubscribe), terminal.WriteErrorLine));
        using TextGenerator generator = TextGenerator.Open(
            line.GetRequiredValue(checkpoint), computer, Tokenizer.Open(line.GetValue(tokenizer)!, line.GetValue(endToken)));
        string start = line.GetRequiredValue(prompt);

        // A character may be several bytes, which come one by one; bytes that make none are shown as U+FFFD.
        Decoder decoder = Encoding.UTF8.GetDecoder();
        Span<char> characters = stackalloc char[4];
        IEnumerable<byte> bytes = generator.Generate(
            start, line.GetValue(maxTokens) ?? 0, line.GetValue(temperature) ?? 0, line.GetValue(topK) ?? 0, line.GetValue(topP) ?? 1,
            line.GetValue(seed) ?? 0);

        // Not before the prompt is known to have tokens: what has none is an error, and half a line no output.
        Terminal.Write(start);
        foreach (byte next in bytes)
        {
            if (!StandardStreams.OutputIsRead)
            {
                // Nobody reads on, and there is nothing else that this command makes.
                return ExitCode.Done;
            }

            Terminal.Write(characters[..decoder.GetChars([next], characters, flush: false)]);
        }

        Terminal.Write(characters[..decoder.GetChars([], characters, flush: true)]);
        terminal.WriteLine("");
        return ExitCode.Done;
    }

    private static Option<int?> Number(string name, int minimum, int byDefault, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => byDefault,
        CustomParser = OptionValues.WholeNumber(minimum),
    };
}
