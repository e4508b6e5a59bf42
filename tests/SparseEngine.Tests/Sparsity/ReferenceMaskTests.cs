using System.Text.Json;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.RandomNumbers;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Sparsity;

namespace SparseEngine.Tests.Sparsity;

/// <summary>Masks that numpy computed: random and topk, from dense and from sparse weights, with ties, odd shapes and extreme levels.</summary>
public sealed class ReferenceMaskTests
{
    private static readonly string Vectors = TestData.PathOf("masks.safetensors");

    public static TheoryData<string> Cases()
    {
        using CheckpointReader file = CheckpointReader.Open(Vectors);
        using JsonDocument cases = JsonDocument.Parse(file.Metadata["cases"]);
        return [.. cases.RootElement.EnumerateArray().Select(one => one.GetRawText())];
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_mask_is_numpys_bit_for_bit(string description)
    {
        using JsonDocument document = JsonDocument.Parse(description);
        JsonElement settings = document.RootElement;
        string name = settings.GetProperty("name").GetString()!;
        double sparsity = settings.GetProperty("sparsity").GetDouble();
        using CheckpointReader file = CheckpointReader.Open(Vectors);
        float[] weight = Read(file, $"{name}.weight");

        SparsityMask mask = MaskSelector.Select(
            new WeightSparsity(
                0, name, file.Shape($"{name}.weight"), sparsity,
                settings.GetProperty("init_method").GetString() == "random" ? SparsityMethod.Random : SparsityMethod.TopK,
                settings.GetProperty("seed").GetInt64(), MaskSelector.KeptCount(weight.Length, sparsity)),
            weight);

        Assert.Equal(Flags(Read(file, $"{name}.keep")), mask.Keep);
        Assert.Equal(mask.Keep.Count(keep => keep), mask.Kept);
        if (file.Contains($"{name}.regrow"))
        {
            Assert.Equal(Flags(Read(file, $"{name}.regrow")), Enumerable.Range(0, weight.Length).Select(mask.Regrown.ToHashSet().Contains));
        }
        else
        {
            Assert.Empty(mask.Regrown);
        }
    }

    public static IEnumerable<TheoryDataRow<string>> Devices() =>
        new[] { "ilgpu-cpu", TestDevice.Ptx }.Concat(TestDevice.Gpus()).Select(name => new TheoryDataRow<string>(name).OnDevice(name));

    [Theory]
    [MemberData(nameof(Devices))]
    public void Masks_that_ilgpu_selects_are_numpys_bit_for_bit(string deviceName)
    {
        using ComputeDevice device = TestDevice.Open(deviceName);
        using CheckpointReader file = CheckpointReader.Open(Vectors);
        foreach (string description in Cases().Select(row => row.Data))
        {
            using JsonDocument document = JsonDocument.Parse(description);
            JsonElement settings = document.RootElement;
            string name = settings.GetProperty("name").GetString()!;
            float[] weight = Read(file, $"{name}.weight");
            MaskScore score = settings.GetProperty("init_method").GetString() == "random" ? MaskScore.Random : MaskScore.Magnitude;
            int kept = (int)MaskSelector.KeptCount(weight.Length, settings.GetProperty("sparsity").GetDouble());
            using DeviceBuffer<float> elements = device.Allocate<float>(weight.Length);
            using DeviceBuffer<byte> keep = device.Allocate<byte>(weight.Length);
            elements.CopyFrom(weight);

            device.SelectMask(new MaskArguments(score, new Pcg64(settings.GetProperty("seed").GetInt64()), kept), elements, keep);

            byte[] flags = new byte[weight.Length];
            keep.CopyTo(flags);
            Assert.True(Flags(Read(file, $"{name}.keep")).SequenceEqual(flags.Select(flag => flag != 0)), name);
        }
    }

    [Fact]
    public void There_are_cases_of_both_methods_from_dense_and_sparse_weights() => Assert.True(Cases().Count >= 100);

    private static float[] Read(CheckpointReader file, string name)
    {
        float[] values = new float[file.Shape(name).Aggregate(1, (product, dimension) => product * dimension)];
        file.Read(name, values);
        return values;
    }

    private static bool[] Flags(float[] values) => [.. values.Select(value => value != 0)];
}
