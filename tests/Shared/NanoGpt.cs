using static SparseEngine.Tests.Shared.TorchBytes;

namespace SparseEngine.Tests.Shared;

/// <summary>A checkpoint of nanoGPT with the weights of a <see cref="PublishedGpt2"/>, as its train.py saves one of a compiled model.</summary>
internal static class NanoGpt
{
    /// <summary>The file.</summary>
    /// <param name="gpt2">The weights; its head is the token table where it has none.</param>
    /// <param name="zip">Whether the file is a zip archive, or of the format before it.</param>
    /// <param name="bias">Whether the model has biases.</param>
    /// <param name="change">Changes one of <c>model_args</c>.</param>
    public static byte[] File(
        PublishedGpt2 gpt2, bool zip = true, bool bias = true, Func<(string Key, byte[] Value), (string Key, byte[] Value)>? change = null)
    {
        List<(string Key, float[] Values)> storages = [];
        List<(string Key, byte[] Value)> model = [];
        foreach (StoredTensor tensor in gpt2.Stored("transformer.").Where(tensor => bias || !tensor.Name.EndsWith(".bias", StringComparison.Ordinal)))
        {
            float[] values = gpt2.Values[tensor.Name.Replace("transformer.", "", StringComparison.Ordinal)];
            bool isConv1D = tensor.Name.Contains(".c_", StringComparison.Ordinal) && tensor.Shape.Length == 2;
            model.Add(($"_orig_mod.{tensor.Name}", Tensor(
                [.. isConv1D ? tensor.Shape.Reverse() : tensor.Shape], isConv1D ? Transposed(values, tensor.Shape) : values)));
        }

        if (!gpt2.Values.ContainsKey("lm_head.weight"))
        {
            // Tied, and so one storage.
            model.Add(("_orig_mod.lm_head.weight", model.Single(tensor => tensor.Key.EndsWith("wte.weight", StringComparison.Ordinal)).Value));
        }

        byte[] moment = Tensor([1], [0.5f]);
        (string, byte[])[] arguments =
        [
            ("n_layer", Integer(PublishedGpt2.Layers)), ("n_head", Integer(PublishedGpt2.Heads)), ("n_embd", Integer(PublishedGpt2.Hidden)),
            ("block_size", Integer(PublishedGpt2.Positions)), ("bias", bias ? True : False), ("vocab_size", Integer(PublishedGpt2.Vocabulary)),
            ("dropout", Number(0.1)),
        ];
        byte[] pickle = Pickle(Dictionary(
            ("model", Dictionary([.. model])),
            ("optimizer", Dictionary(("state", [(byte)'}', .. Integer(0), .. Dictionary(("exp_avg", moment)), (byte)'s']))),
            ("model_args", Dictionary([.. arguments.Select(change ?? (pair => pair))])),
            ("iter_num", Integer(2000)), ("best_val_loss", Number(1.5)), ("config", Dictionary(("dataset", Text("shakespeare"))))));
        return zip
            ? Zip(pickle, [.. storages.Select(storage => (storage.Key, Floats(storage.Values)))])
            : Legacy(pickle, [.. storages.Select(storage => (storage.Key, (long)storage.Values.Length, Floats(storage.Values)))]);

        byte[] Tensor(int[] shape, float[] values)
        {
            storages.Add(($"{storages.Count}", values));
            return TorchBytes.Tensor(storages[^1].Key, shape);
        }
    }

    private static float[] Transposed(float[] values, int[] shape) =>
        [.. Enumerable.Range(0, values.Length).Select(i => values[(i % shape[0] * shape[1]) + (i / shape[0])])];
}
