using Microsoft.Extensions.Logging;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.DataParallel;
using SparseEngine.Runs;

namespace SparseEngine.Training;

/// <summary>What an evaluation goes through, opened: one loader, or several one after another.</summary>
internal sealed class ValidationData : IDisposable
{
    private readonly List<ISampleSource> sources = [];
    private readonly List<(string? Name, BatchLoader Loader)> loaders = [];

    private ValidationData()
    {
    }

    /// <summary>The loaders; of several, each with the name that tells its figures apart.</summary>
    public IReadOnlyList<(string? Name, BatchLoader Loader)> Loaders => loaders;

    /// <summary>What has to be the same in all ranks.</summary>
    public IEnumerable<RankFact> Facts() => sources.Select(source => RunFacts.Data("validation data", source));

    /// <summary>Opens the validation data of a run.</summary>
    /// <param name="context">The run.</param>
    /// <param name="texts">Texts that the run has read.</param>
    /// <exception cref="DataException">Some of them cannot be used.</exception>
    public static ValidationData Open(RunContext context, TextLibrary texts)
    {
        ValidationData data = new();
        try
        {
            InputParameters[] inputs = [.. context.Parameters.EvalInputs];
            for (int i = 0; i < inputs.Length; i++)
            {
                string? name = inputs.Length > 1 ? EvaluationMetrics.DataloaderName(i) : null;
                data.Add(context, inputs[i], name, texts);
            }

            return data;
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ISampleSource source in sources)
        {
            source.Dispose();
        }
    }

    private void Add(RunContext context, InputParameters input, string? name, TextLibrary texts)
    {
        ISampleSource source = TrainingData.Open(context.Parameters, input, DataSplit.Validation, texts);
        sources.Add(source);
        BatchLoader loader = TrainingData.Loader(context.Parameters, input, source, DataSplit.Validation);
        loaders.Add((name, loader));
        if (name is not null)
        {
            context.Logger.LogInformation("{Name} evaluates on {Data}.", name, string.Join(", ", input.DataDirectories));
        }

        bool isWhole = context.Parameters.RunConfig.EvalSteps is not { } steps || steps >= loader.BatchesPerEpoch;
        if (isWhole && loader.SamplesLeftOut > 0)
        {
            context.Logger.LogInformation(
                "{Section}: {LeftOut} of {Samples} left out of each evaluation: a batch has {BatchSize}",
                input.Section ?? DataSplit.Validation.Section(), loader.SamplesLeftOut, Counted.Of(source.Count, "sample"), loader.BatchSize);
        }
    }
}
