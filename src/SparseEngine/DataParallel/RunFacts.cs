using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Models;
using SparseEngine.Optimizers;
using SparseEngine.Runs;
using static System.FormattableString;

namespace SparseEngine.DataParallel;

/// <summary>What of a run has to be the same in all ranks.</summary>
internal static class RunFacts
{
    // Of a data set so many samples, the first and the last among them, stand for all.
    private const int ComparedSamples = 16;
    private const int ChunkLength = 1 << 16;

    /// <summary>The program.</summary>
    public static RankFact Version() => RankFact.Of("program version", hash => Append(hash, VersionOf(typeof(RunFacts).Assembly)));

    /// <summary>What the run is told to do.</summary>
    public static RankFact Configuration(RunParameters run, RunMode mode) => RankFact.Of("configuration", hash =>
    {
        // The text says all where there is one. A run built in code is told apart by its settings.
        Append(hash, $"{mode} {run.Text} {run.Overrides}");
        Append(hash, $"{run.Model} {run.RunConfig} {run.Optimizer} {run.Sparsity}");
        Append(hash, string.Join(' ', run.Optimizer?.LearningRate.Schedulers ?? []));
        Append(hash, string.Join(' ', run.Sparsity?.Groups ?? []));
        Append(hash, string.Join(' ', run.EvalInputs.Prepend(run.TrainInput)));
    });

    /// <summary>Samples: how many, how long, and some of them.</summary>
    public static RankFact Data(string name, ISampleSource samples) => RankFact.Of(name, hash =>
    {
        Append(hash, Invariant($"{samples.Count} {samples.SequenceLength}"));
        Batch sample = new(1, samples.SequenceLength);
        int compared = Math.Min(ComparedSamples, samples.Count);
        for (int i = 0; i < compared; i++)
        {
            int index = compared == 1 ? 0 : (int)((long)i * (samples.Count - 1) / (compared - 1));
            samples.Read(index, sample.InputIds, sample.Mask, sample.Labels);
            foreach (int[] part in (int[][])[sample.InputIds, sample.Mask, sample.Labels])
            {
                hash.AppendData(MemoryMarshal.AsBytes(part.AsSpan()));
            }
        }
    });

    /// <summary>Where the weights' non-zeros lie.</summary>
    public static RankFact Masks(ParameterSet parameters) => RankFact.Of("masks", hash =>
    {
        foreach (Parameter parameter in parameters)
        {
            Append(hash, Invariant($"{parameter.Name} {parameter.Elements} {parameter.NonZeros}"));
            if (parameter.Pattern?.Csr is CsrPattern pattern)
            {
                hash.AppendData(MemoryMarshal.AsBytes(pattern.RowPointers));
                hash.AppendData(MemoryMarshal.AsBytes<int>(pattern.Columns.ToArray()));
            }
        }
    });

    /// <summary>The weights.</summary>
    public static RankFact Weights(ParameterSet parameters) => RankFact.Of("weights", hash =>
    {
        float[] chunk = new float[ChunkLength];
        foreach (Parameter parameter in parameters)
        {
            Append(hash, parameter.Values, chunk);
        }
    });

    /// <summary>What the optimizer goes on from.</summary>
    public static RankFact OptimizerState(Optimizer optimizer) => RankFact.Of("optimizer state", hash =>
    {
        float[] chunk = new float[ChunkLength];
        Append(hash, Invariant($"{optimizer.Updates}"));
        foreach (DeviceBuffer<float> state in optimizer.Parameters.SelectMany(parameter => parameter.States))
        {
            Append(hash, state, chunk);
        }
    });

    private static string VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? $"{assembly.GetName().Version}";

    private static void Append(IncrementalHash hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        hash.AppendData(MemoryMarshal.AsBytes([bytes.Length]));
        hash.AppendData(bytes);
    }

    private static void Append(IncrementalHash hash, DeviceBuffer<float> numbers, float[] chunk)
    {
        for (int first = 0; first < numbers.Length; first += chunk.Length)
        {
            Span<float> part = chunk.AsSpan(0, Math.Min(chunk.Length, numbers.Length - first));
            numbers.CopyTo(part, first);
            hash.AppendData(MemoryMarshal.AsBytes(part));
        }
    }
}
