using SparseEngine.Kernels.Host;
using static System.FormattableString;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>
/// Tokens a second of a GPT-2 small that continues one text, beside the time of reading as many bytes and beside PyTorch, as a Markdown table.
/// </summary>
internal static class GenerationTables
{
    private const int Prompt = 128;

    // A few at once, so that caches hold what they would in a longer text, whatever ran before.
    private const int Tokens = 8;
    private const int CountOfRounds = 7;

    private static readonly int[] Zeros = [0, 75, 90];

    /// <summary>Times all levels in turn with what they are compared with.</summary>
    public static void Print()
    {
        using HostDevice device = HostDevice.Create(Environment.ProcessorCount);
        StepSize size = StepSize.Gpt2Small;
        int text = Prompt + (Tokens * (CountOfRounds + 1) / 2);
        using PyTorchProcess? peer = PyTorchProcess.StartGeneration(size, Prompt, Tokens, device.Cores);
        GenerationUnderTest[] models = [.. Zeros.Select(zeros => new GenerationUnderTest(device, size, zeros, Prompt))];
        long[] bytes = [.. Zeros.Select(zeros => GenerationUnderTest.BytesPerToken(size, zeros, text))];
        ReadStream[] floors = [.. bytes.Select(count => new ReadStream(count, device.Cores))];
        List<double> peerTimes = [];
        double[] seconds = Rounds.MediansOfSteps(
            CountOfRounds,
            [
                () => peerTimes.Add(peer?.Step() ?? double.NaN),
                .. models.Select(model => (Action)(() => model.Generate(Tokens))),
                .. floors.Select(floor => (Action)(() => Repeat(floor.Read))),
            ]);
        double[] sorted = [.. peerTimes.Skip(1).Order()];
        double dense = sorted[sorted.Length / 2];
        Console.WriteLine(
            Invariant($"{device.Description}. GPT-2 small, one text, {text} tokens on average; ")
            + Invariant($"{peer?.Version ?? "no PyTorch"}, dense: {1 / dense:F1} tokens/s."));
        Console.WriteLine();
        Console.WriteLine("| zeros | tokens/s | MB a token | GB/s | reading alone, GB/s | of its speed | times PyTorch's dense |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        for (int i = 0; i < models.Length; i++)
        {
            (double token, double floor) = (seconds[1 + i] / Tokens, seconds[1 + models.Length + i] / Tokens);
            Console.WriteLine(
                Invariant($"| {Zeros[i]}% | {1 / token:F1} | {bytes[i] / 1e6:F0} | {bytes[i] / token / 1e9:F1} ")
                + Invariant($"| {bytes[i] / floor / 1e9:F1} | {floor / token:F2} | {dense / token:F2} |"));
        }

        Array.ForEach(models, model => model.Dispose());
    }

    private static void Repeat(Action read)
    {
        for (int i = 0; i < Tokens; i++)
        {
            read();
        }
    }
}
