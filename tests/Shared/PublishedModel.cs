using System.Text.Json;

namespace SparseEngine.Tests.Shared;

/// <summary>A model of tiny size in a layout of Hugging Face: its config.json, its tensors, and what they compute in float64.</summary>
/// <remarks>The forward passes are written from the models' published definitions, on their own tensors, with nothing of what is tested.</remarks>
internal abstract class PublishedModel
{
    private readonly SortedDictionary<string, (int[] Shape, float[] Values)> tensors = new(StringComparer.Ordinal);
    private readonly JsonElement settings;

    protected PublishedModel(string config)
    {
        Config = config;
        using JsonDocument document = JsonDocument.Parse(config);
        settings = document.RootElement.Clone();
    }

    /// <summary>The text of its config.json.</summary>
    public string Config { get; }

    public int Vocabulary => Int("vocab_size");

    public IEnumerable<string> Names => tensors.Keys;

    public (int[] Shape, float[] Values) this[string name] => tensors[name];

    /// <summary>The mean cross-entropy of the labels of one sequence.</summary>
    public double Loss(int[] ids, int[] labels)
    {
        double[][] logits = Logits(ids);
        return labels.Select((label, t) => Math.Log(logits[t].Sum(Math.Exp)) - logits[t][label]).Average();
    }

    /// <summary>Writes config.json and the tensors, in several files with an index where more than one is asked for.</summary>
    public void Save(string folder, int shards = 1, Func<StoredTensor, StoredTensor>? store = null)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), Config);
        StoredTensor[] stored = [.. tensors
            .Select(tensor => StoredTensor.Single(tensor.Key, tensor.Value.Shape, tensor.Value.Values))
            .Select(store ?? (tensor => tensor))];
        if (shards == 1)
        {
            File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), StoredTensor.File(stored));
            return;
        }

        for (int shard = 0; shard < shards; shard++)
        {
            File.WriteAllBytes(Path.Combine(folder, Shard(shard)), StoredTensor.File(stored.Where((_, i) => i % shards == shard)));
        }

        string map = string.Join(", ", stored.Select((tensor, i) => $"\"{tensor.Name}\": \"{Shard(i % shards)}\""));
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), $$"""{"metadata": {}, "weight_map": { {{map}} } }""");

        string Shard(int shard) => $"model-{shard + 1:D5}-of-{shards:D5}.safetensors";
    }

    /// <summary>Adds a tensor, or replaces one.</summary>
    public void Add(string name, int[] shape, Func<int, float> value) =>
        tensors[name] = (shape, [.. Enumerable.Range(0, shape.Aggregate(1, (product, dimension) => product * dimension)).Select(value)]);

    protected abstract double[][] Logits(int[] ids);

    protected int Int(string key) => settings.GetProperty(key).GetInt32();

    protected double Number(string key) => settings.GetProperty(key).GetDouble();

    protected bool Flag(string key) => settings.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    protected JsonElement? Find(string key) =>
        settings.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>Adds a linear layer of random weights, large enough that all of them matter.</summary>
    protected void AddLinear(string name, int inputs, int outputs, bool bias)
    {
        AddRandom($"{name}.weight", [outputs, inputs]);
        if (bias)
        {
            AddRandom($"{name}.bias", [outputs]);
        }
    }

    protected void AddNorm(string name, int features, bool bias = true)
    {
        AddRandom($"{name}.weight", [features], center: 1);
        if (bias)
        {
            AddRandom($"{name}.bias", [features]);
        }
    }

    protected void AddRandom(string name, int[] shape, float center = 0)
    {
        Random random = new(100 + tensors.Count);
        Add(name, shape, _ => center + (float)((random.NextDouble() - 0.5) * 0.8));
    }

    protected bool Has(string name) => tensors.ContainsKey(name);

    protected double[] Row(string table, int row)
    {
        (int[] shape, float[] values) = tensors[table];
        return [.. values.AsSpan(row * shape[1], shape[1]).ToArray().Select(value => (double)value)];
    }

    /// <summary>W x + b, with W [out, in] and b where there is one.</summary>
    protected double[] Linear(string name, double[] x)
    {
        double[] y = [.. Enumerable.Range(0, tensors[$"{name}.weight"].Shape[0]).Select(output => Reference64.Dot(Row($"{name}.weight", output), x))];
        return Has($"{name}.bias") ? Reference64.Add(y, [.. tensors[$"{name}.bias"].Values.Select(value => (double)value)]) : y;
    }

    protected double[] LayerNorm(string name, double[] x, double epsilon)
    {
        double mean = x.Average();
        double deviation = Math.Sqrt(x.Average(value => Math.Pow(value - mean, 2)) + epsilon);
        float[] weight = tensors[$"{name}.weight"].Values;
        float[] bias = tensors[$"{name}.bias"].Values;
        return [.. x.Select((value, i) => (weight[i] * (value - mean) / deviation) + bias[i])];
    }

    protected double[] RmsNorm(string name, double[] x, double epsilon)
    {
        double root = Math.Sqrt(x.Average(value => value * value) + epsilon);
        float[] weight = tensors[$"{name}.weight"].Values;
        return [.. x.Select((value, i) => weight[i] * value / root)];
    }

    /// <summary>The head's rows times x: the table's where there is no head.</summary>
    protected double[] Head(string head, string table, double[] x) => Linear(Has($"{head}.weight") ? head : table, x);
}
