using System.Globalization;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>
/// An output head with its loss and gradients: in one operation, in several one after the other, and its three products alone as OpenBLAS has them.
/// </summary>
internal static class HeadTables
{
    private const int Hidden = 768;
    private const int Tokens = 1024;
    private static readonly int[] Vocabularies = [50_257, 8192, 256];
    private static readonly SparseProduct[] Products = Enum.GetValues<SparseProduct>();

    /// <summary>Prints a table.</summary>
    public static void Print(HostDevice device)
    {
        using OpenBlasProcess blas = new(device.Cores);
        Console.WriteLine(
            $"{device.Description}; {blas.Description}. hidden {Hidden}, {Tokens} tokens: ms, and in brackets times what it takes in one.");
        Console.WriteLine();
        Console.WriteLine("| vocabulary | in one | one after the other | OpenBLAS, the products alone |");
        Console.WriteLine("|---|---|---|---|");
        foreach (int vocabulary in Vocabularies)
        {
            using Head head = new(device, vocabulary);
            double[] seconds = Rounds.Medians(
                () => Rounds.Sample(head.InOne), () => Rounds.Sample(head.OneAfterTheOther),
                () => Products.Sum(product => blas.Seconds(product, vocabulary, Hidden, Tokens)));
            IEnumerable<string> cells = seconds.Select(time => Invariant($"{1000 * time:F1} ({time / seconds[0]:F2})"));
            Console.WriteLine(Invariant($"| {vocabulary} | {string.Join(" | ", cells)} |"));
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed class Head : IDisposable
    {
        private readonly ComputeDevice device;
        private readonly DeviceMatrix weight;
        private readonly DeviceMatrix gradient;
        private readonly DeviceMatrix x;
        private readonly DeviceMatrix dx;
        private readonly DeviceMatrix logits;
        private readonly DeviceMatrix all;
        private readonly TokenLosses tokens;

        public Head(ComputeDevice device, int vocabulary)
        {
            this.device = device;
            Random random = new(1234);
            weight = Operands.Random(DeviceMatrix.Dense(device.Allocate<float>(vocabulary * Hidden), vocabulary, Hidden), random);
            device.Scale(weight, 0.02f);
            gradient = DeviceMatrix.Dense(device.Allocate<float>(vocabulary * Hidden), vocabulary, Hidden);
            x = Operands.Random(device.AllocateActivations(Hidden, Tokens), random);
            dx = device.AllocateActivations(Hidden, Tokens);
            logits = device.AllocateActivations(vocabulary, device.LogitTokens(vocabulary, Tokens, gradients: true));
            all = device.AllocateActivations(vocabulary, Tokens);
            tokens = new TokenLosses(
                device.Allocate<int>(Tokens), device.Allocate<float>(Tokens), device.Allocate<float>(Tokens), device.Allocate<float>(Tokens));
            tokens.Labels.CopyFrom([.. Enumerable.Range(0, Tokens).Select(_ => random.Next(vocabulary))]);
            tokens.Weights.CopyFrom([.. Enumerable.Repeat(1f, Tokens)]);
        }

        public void InOne() =>
            device.LinearCrossEntropy(weight, null, x, logits, tokens, new LinearGradients(1f / Tokens, gradient, null, dx));

        public void OneAfterTheOther()
        {
            device.Gemm(GemmLayout.Normal, weight, x, all, accumulate: false);
            device.SoftmaxCrossEntropy(all, tokens.Labels, tokens.Weights, tokens.Losses, tokens.Hits, 1f / Tokens);
            device.Gemm(GemmLayout.TransposedB, all, x, gradient, accumulate: true);
            device.Gemm(GemmLayout.TransposedA, weight, all, dx, accumulate: false);
        }

        public void Dispose()
        {
            foreach (IDisposable buffer in new IDisposable[]
            {
                weight.Buffer, gradient.Buffer, x.Buffer, dx.Buffer, logits.Buffer, all.Buffer, tokens.Labels, tokens.Weights, tokens.Losses,
                tokens.Hits,
            })
            {
                buffer.Dispose();
            }
        }
    }
}
