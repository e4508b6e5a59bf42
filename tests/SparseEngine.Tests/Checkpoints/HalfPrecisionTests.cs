using SparseEngine.Checkpoints;
using SparseEngine.Tests.Shared;

namespace SparseEngine.Tests.Checkpoints;

public sealed class HalfPrecisionTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Every_float16_is_the_number_its_sign_exponent_and_fraction_make() =>
        CheckAll("F16", exponentBits: 5, fractionBits: 10);

    [Fact]
    public void Every_bfloat16_is_the_number_its_sign_exponent_and_fraction_make() =>
        CheckAll("BF16", exponentBits: 8, fractionBits: 7);

    [Theory]
    [InlineData("F16", 0x0001, 5.9604644775390625E-08f)]
    [InlineData("F16", 0x03FF, 6.0975551605224609375E-05f)]
    [InlineData("F16", 0x7BFF, 65504f)]
    [InlineData("F16", 0xFC00, float.NegativeInfinity)]
    [InlineData("BF16", 0x0001, 9.183549615799121E-41f)]
    [InlineData("BF16", 0x7F7F, 3.3895313892515355E+38f)]
    [InlineData("BF16", 0x7F80, float.PositiveInfinity)]
    public void The_ends_of_the_range_are_those_of_the_format(string type, int bits, float expected) =>
        Assert.Equal(expected, Read(type, [(byte)bits, (byte)(bits >> 8)])[0]);

    /// <summary>
    /// IEEE 754: (-1)^sign 2^(exponent - bias) 1.fraction; exponent 0: 2^(1 - bias) 0.fraction; all ones: infinity, or NaN with a fraction.
    /// </summary>
    private void CheckAll(string type, int exponentBits, int fractionBits)
    {
        byte[] data = [.. Enumerable.Range(0, 1 << 16).SelectMany(bits => (byte[])[(byte)bits, (byte)(bits >> 8)])];
        float[] values = Read(type, data);
        int bias = (1 << (exponentBits - 1)) - 1;
        int highest = (1 << exponentBits) - 1;
        for (int bits = 0; bits < values.Length; bits++)
        {
            double sign = bits < 1 << 15 ? 1 : -1;
            int exponent = (bits >> fractionBits) & highest;
            double fraction = (bits & ((1 << fractionBits) - 1)) / Math.Pow(2, fractionBits);
            double expected = exponent == highest ? (fraction == 0 ? sign * double.PositiveInfinity : double.NaN)
                : exponent == 0 ? sign * fraction * Math.Pow(2, 1 - bias)
                : sign * (1 + fraction) * Math.Pow(2, exponent - bias);
            Assert.Equal(expected, values[bits]);
            Assert.True(double.IsNaN(expected) || float.IsNegative(values[bits]) == sign < 0, $"{type} {bits:x4} has the wrong sign");
        }
    }

    private float[] Read(string type, byte[] data)
    {
        string path = directory.File("m.safetensors");
        File.WriteAllBytes(path, StoredTensor.File([new StoredTensor("w", type, [data.Length / 2], data)]));
        using CheckpointReader reader = CheckpointReader.Open(path);
        float[] values = new float[data.Length / 2];
        reader.Read("w", values);
        return values;
    }
}
