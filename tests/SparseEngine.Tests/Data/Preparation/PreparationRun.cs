using System.IO.Compression;
using System.Text;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Data.Preparation;
using SparseEngine.Data.Tokenizers;

namespace SparseEngine.Tests.Data.Preparation;

/// <summary>Inputs and an output in a folder of a test's own.</summary>
internal sealed class PreparationRun : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public string Folder => directory.Path;

    public string Output => directory.File("out");

    public string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    public string Write(string name, byte[] bytes)
    {
        string path = directory.File(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public static byte[] Gzip(string text) => Gzip(Encoding.UTF8.GetBytes(text));

    public static byte[] Gzip(byte[] content)
    {
        using MemoryStream compressed = new();
        using (GZipStream stream = new(compressed, CompressionLevel.Optimal))
        {
            stream.Write(content);
        }

        return compressed.ToArray();
    }

    public PreparationOptions Options(params string[] inputs) => new()
    {
        Inputs = inputs,
        Output = Output,
        Tokenizer = Tokenizer.Byte,
        MaxSequenceLength = 8,
        Threads = 2,
    };

    public static PreparedDataset Prepare(PreparationOptions options) =>
        DatasetPreparation.Run(options, progress: null, TestContext.Current.CancellationToken);

    /// <summary>The tokens of a part: the first id and every label that counts; with the samples' shape checked on the way.</summary>
    public List<int> Tokens(PreparedDataset dataset, string part = "train")
    {
        InputParameters input = new()
        {
            DataProcessor = DataProcessor.GptHdf5,
            DataDirectories = [Path.Combine(Output, part)],
            BatchSize = 1,
            MaxSequenceLength = dataset.MaxSequenceLength,
        };
        using ISampleSource source = SampleSource.Open(input, DataSplit.Training, dataset.VocabSize, "params.yaml");
        PreparedSplit described = part == "train" ? dataset.Train : dataset.Val!;
        Assert.Equal(described.Samples, source.Count);
        List<int> tokens = [];
        int[] ids = new int[source.SequenceLength];
        int[] mask = new int[source.SequenceLength];
        int[] labels = new int[source.SequenceLength];
        for (int sample = 0; sample < source.Count; sample++)
        {
            source.Read(sample, ids, mask, labels);
            if (sample == 0)
            {
                tokens.Add(ids[0]);
            }

            for (int i = 0; i < ids.Length; i++)
            {
                if (mask[i] == 1)
                {
                    Assert.Equal(tokens[^1], ids[i]);
                    tokens.Add(labels[i]);
                }
                else
                {
                    Assert.Equal((source.Count - 1, dataset.EndToken, dataset.EndToken), (sample, ids[i], labels[i]));
                }
            }
        }

        Assert.Equal(described.Tokens, tokens.Count);
        return tokens;
    }

    /// <summary>The documents of a part, decoded.</summary>
    public List<string> Documents(PreparedDataset dataset, ITokenizer tokenizer, string part = "train")
    {
        List<string> documents = [];
        List<int> document = [];
        foreach (int token in Tokens(dataset, part))
        {
            if (token == tokenizer.EndToken)
            {
                documents.Add(tokenizer.Decode(document));
                document.Clear();
            }
            else
            {
                document.Add(token);
            }
        }

        Assert.Empty(document);
        return documents;
    }

    /// <summary>Fails the test if anything of an output is left.</summary>
    public void AssertNothingWritten() => Assert.DoesNotContain(
        Directory.EnumerateFileSystemEntries(Folder, "*", new EnumerationOptions { AttributesToSkip = FileAttributes.None }),
        entry => Path.GetFileName(entry).Contains("out", StringComparison.Ordinal));

    public void Dispose() => directory.Dispose();
}
