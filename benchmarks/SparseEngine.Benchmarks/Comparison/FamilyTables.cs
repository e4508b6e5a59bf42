using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;
using static System.FormattableString;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>What members of the GPT family cost beside a GPT-2 of the same size, as a Markdown table.</summary>
internal static class FamilyTables
{
    private const int CountOfRounds = 15;

    private static readonly int[] Zeros = [0, 75, 90];

    private static readonly (string Name, Func<ModelParameters, ModelParameters> Change)[] Members =
    [
        ("GPT-2", gpt2 => gpt2),
        ("llama: rotary, RMSNorm, SwiGLU, no biases", Llama),
        ("llama, 4 groups of keys", gpt2 => Llama(gpt2) with { KeyValueGroups = 4 }),
        ("llama, 2 groups of keys", gpt2 => Llama(gpt2) with { KeyValueGroups = 2 }),
        ("llama, a window of 64 tokens", gpt2 => Llama(gpt2) with { SlidingWindow = 64 }),
        ("GPT-NeoX: rotary, parallel", gpt2 => Rotary(gpt2) with { ParallelResidual = true, UntiedLayerNorm = true }),
        ("ALiBi", gpt2 => gpt2 with { PositionEmbedding = PositionEmbedding.Alibi }),
    ];

    /// <summary>Times steps of all members in turn, without zeros and with.</summary>
    public static void Print()
    {
        using HostDevice device = HostDevice.Create(Environment.ProcessorCount);
        StepSize size = StepSize.All[0];
        Console.WriteLine($"{device.Description}; {size}.");
        Console.WriteLine();
        Console.WriteLine("| model | zeros | ms a step | GFLOP/s | time, in GPT-2's | FLOPs, in GPT-2's | time over FLOPs |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (int zeros in Zeros)
        {
            StepSize[] sizes = [.. Members.Select(member => size with { Change = member.Change })];
            StepUnderTest[] steps = [.. sizes.Select(member => new StepUnderTest(device, member, zeros))];
            double[] seconds = Rounds.MediansOfSteps(CountOfRounds, [.. steps.Select(step => (Action)step.RunToEnd)]);
            double[] flops = [.. sizes.Select(member => member.Flops(zeros).Executed)];
            for (int i = 0; i < sizes.Length; i++)
            {
                (double time, double work) = (seconds[i] / seconds[0], flops[i] / flops[0]);
                Console.WriteLine(
                    Invariant($"| {Members[i].Name} | {zeros}% | {1000 * seconds[i]:F1} | {flops[i] / seconds[i] / 1e9:F0} ")
                    + Invariant($"| {time:F2} | {work:F2} | {time / work:F2} |"));
            }

            Array.ForEach(steps, step => step.Dispose());
        }
    }

    private static ModelParameters Rotary(ModelParameters gpt2) =>
        gpt2 with { PositionEmbedding = PositionEmbedding.Rotary, Rotary = new RotaryParameters(gpt2.HeadSize) };

    private static ModelParameters Llama(ModelParameters gpt2) => Rotary(gpt2) with
    {
        Norm = NormKind.RmsNorm, Nonlinearity = Activation.Silu, GatedFeedForward = true,
        UseProjectionBiasInAttention = false, UseFfnBiasInAttention = false, UseFfnBias = false,
    };
}
