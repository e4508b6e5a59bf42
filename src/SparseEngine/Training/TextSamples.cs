using System.Text;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Data.Preparation;
using SparseEngine.Data.Tokenizers;
using SparseEngine.Inference;
using SparseEngine.Models;
using SparseEngine.Runs;

namespace SparseEngine.Training;

/// <summary>Has the model continue a text while it is trained. The first rank alone does.</summary>
/// <remarks>
/// Each draws from a generator of its own that starts from the run's seed: training goes on as it would without, and the same weights
/// give the same text.
/// </remarks>
internal sealed class TextSamples
{
    private const string Key = "runconfig.sample_prompt";
    private const double Temperature = 0.8;
    private const int TopK = 40;

    private readonly RunContext context;
    private readonly string prompt;
    private readonly ITokenizer tokenizer;

    private TextSamples(RunContext context, string prompt, ITokenizer tokenizer)
    {
        this.context = context;
        this.prompt = prompt;
        this.tokenizer = tokenizer;
    }

    /// <summary>Finds the tokenizer that reads the prompt.</summary>
    /// <returns>Null where the run has no prompt, and for all ranks but the first.</returns>
    /// <exception cref="ConfigurationException">There is none, or the prompt has tokens that the model has not.</exception>
    /// <exception cref="DataException">The tokenizer's file is not one, or has no such characters.</exception>
    public static TextSamples? Open(RunContext context)
    {
        RunConfig config = context.Parameters.RunConfig;
        if (!context.Ranks.IsFirst || config.SamplePrompt is not { } prompt)
        {
            return null;
        }

        ITokenizer tokenizer = Tokenizer.Open(config.SampleTokenizer ?? NameOf(context.Parameters));
        List<int> tokens = [];
        tokenizer.Encode(prompt, tokens);
        int vocabulary = context.Parameters.Model.VocabularySize;
        return tokens.FindIndex(token => token >= vocabulary) is >= 0 and int index
            ? throw Error(
                context.Parameters,
                FormattableString.Invariant($"has token {tokens[index]} of the tokenizer {tokenizer.Name}, outside model.vocab_size {vocabulary}"))
            : new TextSamples(context, prompt, tokenizer);
    }

    /// <summary>Has the model continue the prompt.</summary>
    /// <param name="model">The model.</param>
    /// <param name="step">Optimizer steps done.</param>
    public TextSample Draw(GptModel model, int step)
    {
        RunConfig config = context.Parameters.RunConfig;
        using TextGenerator generator = new(context.Device, model, tokenizer);
        byte[] text = [.. generator.Generate(prompt, config.SampleTokens, Temperature, TopK, topP: 1, config.Seed)];
        return new TextSample(step, prompt, Encoding.UTF8.GetString(text));
    }

    private static string NameOf(RunParameters run)
    {
        InputParameters input = run.TrainInput!;
        if (input.DataProcessor is DataProcessor.Text)
        {
            return Tokenizer.Byte;
        }

        string key = $"{run.Keys["train_input"]}.data_dir";
        IReadOnlyList<string> folders = new DataPaths(key, run.File).Resolve(input.DataDirectories);
        return folders.Select(PreparedDataset.TokenizerOf).FirstOrDefault(name => name is not null)
            ?? throw Error(
                run,
                $"needs a tokenizer, and no {PreparedDataset.FileName} beside {key} names one; valid: "
                + $"{run.Keys["runconfig.sample_tokenizer"]}: byte, gpt2, or the file of a tokenizer");
    }

    private static ConfigurationException Error(RunParameters run, string text) => new([new Diagnostic(run.File, $"{run.Keys[Key]} {text}")]);
}
