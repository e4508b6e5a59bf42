using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Host;

/// <summary>The operations of a step on any number of threads, which come late, lose their cores, or never begin.</summary>
public class ThreadCountTests
{
    private const int Features = 96;
    private const int Inner = 320;
    private const int Batch = 3;
    private const int Sequence = 70;
    private const int Tokens = Batch * Sequence;

    public static TheoryData<int> Threads => [1, 2, 3, 4, 5, 6, 7, 8, 32];

    [Theory]
    [MemberData(nameof(Threads))]
    public void Threads_that_others_disturb_change_no_bit(int threads)
    {
        double[][] expected = Alone();
        using CancellationTokenSource stop = new();
        Thread[] others = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() => Spin(stop.Token)))];
        Array.ForEach(others, thread => thread.Start());
        try
        {
            using HostDevice device = HostDevice.Create(threads);
            int joined = 0;
            device.Pool.ShortestLoop = 0;
            device.Pool.ShortestShare = 1;
            device.Pool.Joining = worker => Thread.SpinWait(Interlocked.Increment(ref joined) * 31 % 7 * worker * 20);
            foreach (long partTime in new[] { 100_000, 1_000, 1 })
            {
                device.Pool.PartTime = partTime;
                AssertSame(expected, Results(device));
            }
        }
        finally
        {
            stop.Cancel();
            Array.ForEach(others, thread => thread.Join());
        }

        static void Spin(CancellationToken stop)
        {
            while (!stop.IsCancellationRequested)
            {
                Thread.SpinWait(1000);
            }
        }
    }

    /// <summary>Of eight workers the caller and two others do all.</summary>
    [Fact]
    public void Threads_that_never_begin_are_not_waited_for()
    {
        double[][] expected = Alone();
        using ManualResetEventSlim gate = new(false);
        using HostDevice device = HostDevice.Create(8);
        device.Pool.ShortestLoop = 0;
        device.Pool.ShortestShare = 1;
        device.Pool.PartTime = 1;
        device.Pool.Joining = worker => Hold(worker, gate);
        double[][] results = Results(device);
        gate.Set();
        AssertSame(expected, results);

        static void Hold(int worker, ManualResetEventSlim gate)
        {
            if (worker is not (2 or 5))
            {
                gate.Wait();
            }
        }
    }

    private static double[][] Alone()
    {
        using HostDevice device = HostDevice.Create(1);
        return Results(device);
    }

    private static void AssertSame(double[][] expected, double[][] results)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(expected[i].AsSpan().SequenceEqual(results[i]), $"result {i}");
        }
    }

    private static double[][] Results(HostDevice device)
    {
        Inputs inputs = new(5);
        using Workspace workspace = new(device, poisoned: false);
        DeviceMatrix x = workspace.Activations(inputs.Matrix(Features, Tokens));
        DeviceMatrix dy = workspace.Activations(inputs.Matrix(Inner, Tokens));
        DeviceMatrix y = workspace.Activations(Inner, Tokens);
        DeviceMatrix dx = workspace.Activations(Features, Tokens);
        List<double[]> results = [];
        AddProducts(workspace, inputs, x, y, dy, dx, results);
        AddNorm(workspace, inputs, x, dx, results);
        AddAttention(workspace, x, dx, results);
        AddRest(workspace, inputs, y, dy, dx, results);
        return [.. results];
    }

    private static void AddProducts(
        Workspace workspace, Inputs inputs, in DeviceMatrix x, in DeviceMatrix y, in DeviceMatrix dy, in DeviceMatrix dx, List<double[]> results)
    {
        ComputeDevice device = workspace.Device;
        CsrPattern pattern = inputs.Pattern(Inner, Features, 0.8);
        CsrMatrix weight = new(workspace.Pattern(pattern), workspace.Buffer(inputs.Vector(pattern.NonZeros)));
        DeviceBuffer<float> gradient = workspace.Buffer(pattern.NonZeros);
        device.Spmm(weight, x, y, workspace.Buffer(inputs.Vector(Inner)));
        device.SpmmTransposed(weight, dy, dx, accumulate: false);
        device.Sddmm(weight.Pattern, dy, x, gradient, accumulate: false);
        results.AddRange([Workspace.Read(y), Workspace.Read(dx), Workspace.Read(gradient)]);

        DeviceMatrix dense = workspace.Dense(inputs.Matrix(Inner, Features));
        device.Gemm(GemmLayout.Normal, dense, x, y, accumulate: false);
        device.Gemm(GemmLayout.TransposedA, dense, dy, dx, accumulate: true);
        device.Gemm(GemmLayout.TransposedB, dy, x, dense, accumulate: false);
        results.AddRange([Workspace.Read(y), Workspace.Read(dx), Workspace.Read(dense.Buffer)]);
    }

    private static void AddNorm(Workspace workspace, Inputs inputs, in DeviceMatrix x, in DeviceMatrix dx, List<double[]> results)
    {
        ComputeDevice device = workspace.Device;
        DeviceBuffer<float> weight = workspace.Buffer(inputs.Vector(Features));
        DeviceBuffer<float> mean = workspace.Buffer(Tokens);
        DeviceBuffer<float> inverse = workspace.Buffer(Tokens);
        DeviceMatrix normalized = workspace.Activations(Features, Tokens);
        device.LayerNormForward(x, weight, weight, 1e-5f, normalized, mean, inverse);
        DeviceBuffer<float> weightGradient = workspace.Buffer(inputs.Vector(Features));
        DeviceBuffer<float> biasGradient = workspace.Buffer(inputs.Vector(Features));
        device.LayerNormBackward(x, weight, mean, inverse, normalized, dx, accumulate: true, weightGradient, biasGradient);
        results.AddRange(
            [Workspace.Read(normalized), Workspace.Read(dx), Workspace.Read(weightGradient), Workspace.Read(biasGradient), Workspace.Read(mean)]);
    }

    /// <summary>Six heads, of which three read the same keys each: their gradients are added up in turn.</summary>
    private static void AddAttention(Workspace workspace, in DeviceMatrix q, in DeviceMatrix outputGradient, List<double[]> results)
    {
        ComputeDevice device = workspace.Device;
        AttentionArguments arguments = new(Batch, Sequence, 6, Features / 6, 0.25f, 0.1f, default) { KeyValueHeads = 2 };
        int keyFeatures = 2 * Features / 6;
        DeviceMatrix k = q.RowRange(0, keyFeatures);
        DeviceMatrix v = q.RowRange(keyFeatures, keyFeatures);
        DeviceMatrix output = workspace.Activations(Features, Tokens);
        DeviceMatrix dq = workspace.Activations(Features, Tokens);
        DeviceMatrix dk = workspace.Activations(keyFeatures, Tokens);
        DeviceMatrix dv = workspace.Activations(keyFeatures, Tokens);
        DeviceBuffer<float> sums = workspace.Buffer(6 * Tokens);
        device.AttentionForward(arguments, q, k, v, output, sums);
        device.AttentionBackward(arguments, q, k, v, output, sums, outputGradient, dq, dk, dv);
        results.AddRange([Workspace.Read(output), Workspace.Read(sums), Workspace.Read(dq), Workspace.Read(dk), Workspace.Read(dv)]);
    }

    private static void AddRest(
        Workspace workspace, Inputs inputs, in DeviceMatrix y, in DeviceMatrix dy, in DeviceMatrix dx, List<double[]> results)
    {
        ComputeDevice device = workspace.Device;
        device.ActivationBackward(Activation.Gelu, y, dy, y);
        DeviceBuffer<float> sums = workspace.Buffer(Inner);
        device.RowSums(y, sums, accumulate: false);
        DeviceMatrix table = workspace.Dense(inputs.Matrix(50, Features));
        device.EmbeddingBackward(workspace.Buffer(inputs.Integers(Tokens, 50)), dx, Sequence, table, null);
        DeviceBuffer<float> losses = workspace.Buffer(Tokens);
        DeviceBuffer<float> hits = workspace.Buffer(Tokens);
        DeviceBuffer<float> counted = workspace.Buffer([.. Enumerable.Repeat(1.0, Tokens)]);
        device.SoftmaxCrossEntropy(y, workspace.Buffer(inputs.Integers(Tokens, Inner)), counted, losses, hits, 0.5f);
        results.AddRange([Workspace.Read(y), Workspace.Read(sums), Workspace.Read(table.Buffer), Workspace.Read(losses)]);

        DeviceBuffer<float> weight = workspace.Buffer(inputs.Vector(70_000));
        DeviceBuffer<float> gradient = workspace.Buffer(inputs.Vector(70_000));
        DeviceBuffer<float> first = workspace.Buffer(new double[70_000]);
        DeviceBuffer<float> second = workspace.Buffer(new double[70_000]);
        DeviceSum norm = workspace.Sum(0);
        device.AddSumOfSquares(gradient, norm);
        UpdateScale scale = workspace.Own(new UpdateScale(device));
        device.AdamStep(new AdamArguments(0.01f, 0.9f, 0.999f, 1e-6f, 0.1f, true, 1), scale, weight, gradient, first, second);
        gradient.Clear();
        results.AddRange([[norm.Read()], Workspace.Read(weight), Workspace.Read(second), Workspace.Read(gradient)]);
    }
}
