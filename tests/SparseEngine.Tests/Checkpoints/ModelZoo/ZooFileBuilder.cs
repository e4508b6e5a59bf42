using PureHDF;

namespace SparseEngine.Tests.Checkpoints.ModelZoo;

/// <summary>A checkpoint as the Model Zoo's saver lays it out, written value by value.</summary>
internal sealed class ZooFileBuilder
{
    private readonly H5File file = [];

    /// <summary>The container's version: 0.2 for 1.8, 0.3 for 1.9; null for 1.7, whose files have none.</summary>
    public ZooFileBuilder(double? version = 0.2)
    {
        if (version is { } number)
        {
            file.Attributes["__version__"] = number;
            file.Attributes["__spec__"] = "80034e2e";
        }
    }

    /// <summary>Adds a tensor.</summary>
    public ZooFileBuilder Tensor(string key, int[] shape, params float[] elements) => Add(key, Shaped(elements, shape));

    /// <summary>Adds a tensor that is all one number, which the file has in place of its elements.</summary>
    public ZooFileBuilder Filled(string key, int[] shape, float fill) => Add(
        key, new H5Dataset(0f),
        ("is_constructible", true), ("shape", shape.Select(dimension => (long)dimension).ToArray()), ("fill_value", (double)fill));

    /// <summary>Adds a number of Python.</summary>
    public ZooFileBuilder Number(string key, object number) => Add(key, new H5Dataset(number), ("is_scalar", true));

    /// <summary>Adds a tensor without dimensions.</summary>
    public ZooFileBuilder Scalar(string key, float number) => Add(key, new H5Dataset(number));

    /// <summary>Adds a dataset with attributes.</summary>
    public ZooFileBuilder Add(string key, H5Dataset dataset, params (string Name, object Value)[] attributes)
    {
        foreach ((string name, object value) in attributes)
        {
            dataset.Attributes[name] = value;
        }

        file[key] = dataset;
        return this;
    }

    /// <summary>Adds parameters of two elements each, and AdamW's states of them by the numbers given.</summary>
    /// <param name="prefix">What stands before the names.</param>
    /// <param name="numbered">The parameters in the order of their numbers.</param>
    public ZooFileBuilder Model(string prefix, params IReadOnlyList<string> numbered)
    {
        for (int number = 0; number < numbered.Count; number++)
        {
            Tensor($"{prefix}{numbered[number]}", [2], number, float.NaN);
            Tensor($"optimizer.state.{number}.exp_avg", [2], number + 100, float.NaN);
            Tensor($"optimizer.state.{number}.exp_avg_sq", [2], number + 200, float.NaN);
            Number($"optimizer.state.{number}.step", 3L);
        }

        return this;
    }

    /// <summary>Writes the file.</summary>
    public void Write(string path) => file.Write(path);

    private static H5Dataset Shaped(float[] elements, int[] shape) => new(elements, fileDims: [.. shape.Select(dimension => (ulong)dimension)]);
}
