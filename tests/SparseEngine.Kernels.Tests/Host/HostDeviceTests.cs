using System.Runtime.Intrinsics;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;

namespace SparseEngine.Kernels.Tests.Host;

public class HostDeviceTests
{
    [Fact]
    public void A_device_says_what_it_is()
    {
        using HostDevice device = HostDevice.Create(2, SimdWidth.Vector256);
        Assert.Equal((2, "host, 256-bit vectors, 2 threads"), (device.Cores, device.Description));
        Assert.Throws<ArgumentOutOfRangeException>(() => HostDevice.Create(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => HostDevice.Create(1, (SimdWidth)5));
    }

    /// <summary>The suite runs again with instruction sets off; this is what shows that the switches reach the kernels.</summary>
    [Theory]
    [InlineData("DOTNET_EnableAVX512", SimdWidth.Vector256)]
    [InlineData("DOTNET_EnableAVX2", SimdWidth.Vector128)]
    [InlineData("DOTNET_EnableHWIntrinsic", SimdWidth.Vector128)]
    public void An_instruction_set_that_is_switched_off_is_not_used(string variable, SimdWidth widest)
    {
        if (Environment.GetEnvironmentVariable(variable) == "0")
        {
            Assert.True(HostDevice.BestWidth <= widest, $"{variable}=0 leaves {HostDevice.BestWidth}");
        }

        using HostDevice device = HostDevice.Create(1);
        Assert.Contains($"{(int)HostDevice.BestWidth * 32}-bit", device.Description, StringComparison.Ordinal);
        Assert.Equal(HostDevice.BestWidth > SimdWidth.Vector128, Vector256.IsHardwareAccelerated);
    }

    /// <summary>A training step repeats the same calls; from the second on they must not feed the garbage collector.</summary>
    [Fact]
    public void Repeated_operations_allocate_nothing()
    {
        using HostDevice device = HostDevice.Create(2);
        DeviceMatrix x = device.AllocateActivations(16, 100);
        DeviceMatrix y = device.AllocateActivations(16, 100);
        using DeviceBuffer<float> features = device.Allocate<float>(16);
        using DeviceBuffer<float> tokens = device.Allocate<float>(100);
        using DeviceBuffer<float> sums = device.Allocate<float>(200);
        using DeviceBuffer<int> labels = device.Allocate<int>(100);
        using DeviceBuffer<int> ignored = device.Allocate<int>(100);
        using DeviceBuffer<float> nothing = device.Allocate<float>(100);
        using DeviceSum sum = device.AllocateSum();
        using UpdateScale scale = new(device);
        ignored.CopyFrom([-100]);
        AttentionArguments attention = new(1, 100, 2, 8, 1, 0.1f, default);
        DeviceMatrix head = DeviceMatrix.Dense(device.Allocate<float>(50 * 16), 50, 16);
        DeviceMatrix logits = device.AllocateActivations(50, device.LogitTokens(50, 100, gradients: true));
        for (int i = 0; i < 3; i++)
        {
            Step();
        }

        // A collection takes the runtime's own caches away, which an operation must not need again.
        GC.Collect();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Step();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        x.Buffer.Dispose();
        y.Buffer.Dispose();
        head.Buffer.Dispose();
        logits.Buffer.Dispose();

        void Step()
        {
            device.LayerNormForward(x, features, features, 1e-5f, y, tokens, tokens);
            device.LayerNormBackward(x, features, tokens, tokens, y, y, false, features, features);
            device.ActivationForward(Activation.Gelu, x, y);
            device.ActivationBackward(Activation.Gelu, x, y, y);
            device.AttentionForward(attention, x, x, x, y, sums);
            device.AttentionBackward(attention, x, x, x, y, sums, y, y, y, y);
            device.SoftmaxCrossEntropy(x, labels, tokens, tokens, tokens, 1);
            device.SoftmaxCrossEntropy(x, ignored, nothing, tokens, tokens, 1);
            device.LinearCrossEntropy(head, null, x, logits, new TokenLosses(labels, tokens, tokens, tokens), new LinearGradients(1, head, null, y));
            device.Dropout(x, 0.1f, default);
            device.RowSums(x, features, accumulate: false);
            device.AddSum(sums, sum);
            device.AddSumOfSquares(sums, sum);
            device.ClipByGlobalNorm(default, sum, sum, scale);
            device.AdamStep(default, scale, features, features, features, features);
        }
    }
}
