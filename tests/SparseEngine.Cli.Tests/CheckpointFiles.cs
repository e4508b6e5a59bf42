using SparseEngine.Checkpoints;

namespace SparseEngine.Cli.Tests;

/// <summary>Small checkpoints: written by a test, and read back whole.</summary>
internal static class CheckpointFiles
{
    /// <summary>Where the run of <see cref="WriteSparse"/> stood.</summary>
    public static readonly TrainingState State = new(17, 340, 5, 3);

    /// <summary>Writes a weight with sparse places, its optimizer state, and a bias, as a run does.</summary>
    public static string WriteSparse(TemporaryFolder folder, string name)
    {
        string path = folder.File(name);
        MdlWriter.Write(
            path,
            [
                Tensor("model.layer.weight", [2, 3], 1, float.NaN, 3, float.NaN, float.NaN, -6),
                Tensor("optimizer.state.model.layer.weight.exp_avg", [2, 3], 0.1f, float.NaN, 0.3f, float.NaN, float.NaN, -0.6f),
                Tensor("model.layer.bias", [2], float.PositiveInfinity, -0f),
            ],
            State,
            new Dictionary<string, string> { ["model"] = "{\"hidden\": 3}", ["optimizer.updates"] = "16" });
        return path;
    }

    /// <summary>A tensor of given elements.</summary>
    public static TensorWriter Tensor(string name, int[] shape, params float[] elements) => new(name, [.. shape], elements.CopyTo);

    /// <summary>All tensors of a file, in its order.</summary>
    public static IReadOnlyList<(string Name, float[] Elements)> Read(string path)
    {
        using CheckpointReader reader = CheckpointReader.Open(path);
        return [.. reader.Names.Select(name => (name, Read(reader, name)))];
    }

    /// <summary>Checks that a file holds these tensors in this order, to the last bit.</summary>
    public static void AssertHolds(string path, params (string Name, float[] Elements)[] expected)
    {
        IReadOnlyList<(string Name, float[] Elements)> found = Read(path);
        Assert.Equal(expected.Select(tensor => tensor.Name), found.Select(tensor => tensor.Name));
        Assert.All(expected.Zip(found), pair => Assert.Equal(Bits(pair.First.Elements), Bits(pair.Second.Elements)));

        static IEnumerable<string> Bits(float[] elements) =>
            elements.Select(element => $"{element:R} ({BitConverter.SingleToUInt32Bits(element):x8})");
    }

    /// <summary>Writes a checkpoint anew with elements or texts changed.</summary>
    /// <param name="path">The checkpoint.</param>
    /// <param name="output">Where it goes; an .mdl file.</param>
    /// <param name="change">Changes the elements of the tensor of a name.</param>
    /// <param name="keepTexts">Whether it still says which model it holds.</param>
    public static void Rewrite(string path, string output, Action<string, float[]> change, bool keepTexts = true)
    {
        using CheckpointReader reader = CheckpointReader.Open(path);
        IEnumerable<TensorWriter> tensors = reader.Names.Select(name => new TensorWriter(name, reader.Shape(name), destination =>
        {
            float[] elements = Read(reader, name);
            change(name, elements);
            elements.CopyTo(destination);
        }));
        MdlWriter.Write(output, [.. tensors], reader.State, keepTexts ? reader.Metadata : null);
    }

    /// <summary>One tensor's elements.</summary>
    public static float[] Read(CheckpointReader reader, string name)
    {
        float[] elements = new float[reader.Elements(name)];
        reader.Read(name, elements);
        return elements;
    }
}
