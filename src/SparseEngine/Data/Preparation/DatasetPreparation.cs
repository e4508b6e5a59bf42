using SparseEngine.Configuration;
using SparseEngine.Data.Tokenizers;
using static System.FormattableString;

namespace SparseEngine.Data.Preparation;

/// <summary>Makes the Model Zoo's HDF5 samples of text.</summary>
/// <remarks>
/// The documents of each part, an end token after each, form one row of tokens, which is cut into samples; the last is padded.
/// Memory does not depend on the length of the input, and the output not on the number of threads.
/// </remarks>
public sealed class DatasetPreparation
{
    private const string Training = "train";
    private const string Validation = "val";
    private const string CharacterFile = "vocab.json";
    private const int TokensPerFile = 1 << 23;

    private const int LongestSequence = 1 << 24;
    private const int MostTokensPerFile = 1 << 28;

    /// <summary>Files that are written at once, each of which has its tokens in memory.</summary>
    private const int MostWritten = 4;

    private readonly PreparationOptions options;
    private readonly IProgress<PreparationProgress>? progress;
    private readonly CancellationToken stop;
    private readonly InputListing inputs;
    private readonly IReadOnlyList<InputFile> files;
    private readonly long totalBytes;

    private DatasetPreparation(PreparationOptions options, IProgress<PreparationProgress>? progress, CancellationToken stop)
    {
        this.options = options;
        this.progress = progress;
        this.stop = stop;
        inputs = InputListing.Find(options.Inputs);
        files = inputs.Files;
        totalBytes = files.Sum(file => file.Bytes);
    }

    /// <summary>Prepares a data set: <c>train</c>, <c>val</c>, <c>dataset.json</c> and the tokenizer's files; all of it or nothing.</summary>
    /// <param name="options">What of what.</param>
    /// <param name="progress">Is told how far it is, on the calling thread; null for nobody.</param>
    /// <param name="stop">Ends it early, without any output.</param>
    /// <exception cref="ConfigurationException">An option cannot be, or the output may not be written.</exception>
    /// <exception cref="DataException">The input cannot be read or is not enough, or the output cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static PreparedDataset Run(PreparationOptions options, IProgress<PreparationProgress>? progress = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxSequenceLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1);
        if (options.ValidationFraction is not (>= 0 and < 1))
        {
            throw new ConfigurationException(Invariant($"validation_fraction is {options.ValidationFraction}; valid: a number from 0, below 1"));
        }

        if (options.MaxSequenceLength > LongestSequence)
        {
            throw new ConfigurationException($"max_sequence_length is {options.MaxSequenceLength}; valid: 1 to {LongestSequence}");
        }

        if (options.SamplesPerFile is { } samples && (samples < 1 || (long)samples * options.MaxSequenceLength > MostTokensPerFile))
        {
            throw new ConfigurationException($"samples_per_file is {samples}; valid with max_sequence_length {options.MaxSequenceLength}: "
                + $"1 to {MostTokensPerFile / options.MaxSequenceLength}");
        }

        return new DatasetPreparation(options, progress, stop).Run();
    }

    private PreparedDataset Run()
    {
        bool ofCharacters = options.Tokenizer == Tokenizer.Character;
        ITokenizer? tokenizer = ofCharacters && options.EndToken is null ? null : Tokenizer.Open(options.Tokenizer, options.EndToken);
        using OutputFolder output = OutputFolder.Begin(options.Output, files, options.Overwrite);

        // A single text has no other documents to hold out: its end takes their place.
        bool divided = options.ValidationFraction > 0 && files is [{ IsJsonLines: false }];
        TextSurvey? survey = ofCharacters || divided ? Survey() : null;
        tokenizer ??= new CharacterTokenizer(CharacterFile, survey!.Characters);
        long? heldOutFrom = divided ? survey!.Length - (long)(survey.Length * options.ValidationFraction) : null;

        PreparedDataset dataset = Write(output.Temporary, tokenizer, new DocumentReader(files, options.ValidationFraction, heldOutFrom));
        OutputFolder.Guard(options.Output, () =>
        {
            tokenizer.Save(output.Temporary);
            return true;
        });
        output.Complete(dataset);
        return dataset;
    }

    private TextSurvey Survey()
    {
        DocumentReader reader = new(files, validationFraction: 0, heldOutFrom: null, again: true);
        TextSurvey survey = new();
        foreach (TextSurvey part in OrderedParallel.Select(
            DocumentEncoder.Batches(reader.Read()), batch => TextSurvey.Of(batch, options.JsonlKey), options.Threads, ahead: 2 * options.Threads))
        {
            survey.Add(part);
            Report(PreparationStage.Surveying, reader, tokens: 0);
        }

        return survey;
    }

    private PreparedDataset Write(string folder, ITokenizer tokenizer, DocumentReader reader)
    {
        int samplesPerFile = options.SamplesPerFile ?? Math.Max(1, TokensPerFile / options.MaxSequenceLength);
        SamplePacker training = new(DataSplit.Training, options.MaxSequenceLength, samplesPerFile);
        SamplePacker validation = new(DataSplit.Validation, options.MaxSequenceLength, samplesPerFile);
        DocumentEncoder encoder = new(tokenizer, options.JsonlKey);
        long empty = 0;
        int writers = Math.Min(options.Threads, MostWritten);
        foreach (bool _ in OrderedParallel.Select(Blocks(), WriteBlock, writers, ahead: writers))
        {
            stop.ThrowIfCancellationRequested();
        }

        Require(training, "training");
        if (options.ValidationFraction > 0)
        {
            Require(validation, "validation");
        }

        return new PreparedDataset
        {
            Tokenizer = tokenizer.Name,
            VocabSize = tokenizer.VocabularySize,
            EndToken = tokenizer.EndToken,
            MaxSequenceLength = options.MaxSequenceLength,
            ValidationFraction = options.ValidationFraction,
            EmptyDocuments = empty,
            LeftOut = inputs.LeftOut,
            Train = Described(training),
            Val = options.ValidationFraction > 0 ? Described(validation) : null,
        };

        IEnumerable<TokenBlock> Blocks()
        {
            foreach (EncodedBatch batch in OrderedParallel.Select(
                DocumentEncoder.Batches(reader.Read()), encoder.Encode, options.Threads, ahead: 2 * options.Threads))
            {
                empty += batch.EmptyDocuments;
                foreach (TokenBlock block in training.Add(batch.Training).Concat(validation.Add(batch.Validation)))
                {
                    yield return block;
                }

                Report(PreparationStage.Tokenizing, reader, training.Tokens + validation.Tokens);
            }

            foreach (TokenBlock block in training.Finish().Concat(validation.Finish()))
            {
                yield return block;
            }
        }

        bool WriteBlock(TokenBlock block) => OutputFolder.Guard(options.Output, () =>
        {
            string part = Directory.CreateDirectory(Path.Combine(folder, block.Split == DataSplit.Training ? Training : Validation)).FullName;
            SampleFileWriter.Write(Path.Combine(part, $"examples_{block.Index:D5}.h5"), block, tokenizer.EndToken);
            (block.Split == DataSplit.Training ? training : validation).Reuse(block);
            return true;
        });
    }

    private void Require(SamplePacker part, string name)
    {
        if (part.Samples == 0)
        {
            throw new DataException(
                $"{string.Join(", ", options.Inputs)}: the {name} part has no sample: {Counted.Of(part.Documents, "document")} of "
                + $"{Counted.Of(part.Tokens, "token")}, "
                + Invariant($"with validation_fraction {options.ValidationFraction}"));
        }
    }

    private static PreparedSplit Described(SamplePacker part) => new(part.Documents, part.Tokens, part.Samples, part.Files);

    private void Report(PreparationStage stage, DocumentReader reader, long tokens)
    {
        stop.ThrowIfCancellationRequested();
        progress?.Report(new PreparationProgress(stage, reader.BytesRead, totalBytes, reader.Documents, tokens));
    }
}
