using PureHDF;
using SparseEngine.Checkpoints;

namespace SparseEngine.Tests.Checkpoints.ModelZoo;

/// <summary>The Model Zoo's own checkpoints: weights, the optimizer's state and the step.</summary>
public sealed class ZooFileTests : IDisposable
{
    private const string Layer = "model.transformer_decoder.layers.0.";

    // A layer with a normalization and one linear weight is enough to tell the groups apart.
    private static readonly string[] Decaying = ["model.embedding_layer.word_embeddings.weight", $"{Layer}ffn.ffn.0.linear_layer.weight"];
    private static readonly string[] Others = ["model.ln_f.weight", "model.ln_f.bias", $"{Layer}ffn.ffn.0.linear_layer.bias"];

    private static readonly string[] InOrder =
    [
        "model.embedding_layer.word_embeddings.weight", "model.ln_f.weight", "model.ln_f.bias", $"{Layer}ffn.ffn.0.linear_layer.weight",
        $"{Layer}ffn.ffn.0.linear_layer.bias",
    ];

    private readonly TemporaryDirectory directory = new();

    private string File => directory.File("checkpoint_7.mdl");

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(null, "")]
    [InlineData(0.2, "model.")]
    [InlineData(0.3, "model.")]
    public void Weights_states_and_the_step_are_read(double? version, string prefix)
    {
        new ZooFileBuilder(version).Model(prefix, [.. Decaying, .. Others]).Number("global_step", 7L).Number("state_version", 0.2)
            .Number("lr_scheduler.last_epoch", 7L).Scalar("optimizer.param_groups.0.lr", 0.1f).Write(File);

        using CheckpointReader reader = CheckpointReader.Open(File);

        Assert.Equal(new TrainingState(7, null, null, null), reader.State);
        Assert.Empty(reader.Warnings);
        Assert.Equal(
            InOrder.SelectMany(name => new[] { name, $"optimizer.state.{name}.exp_avg", $"optimizer.state.{name}.exp_avg_sq" }), reader.Names);
        Assert.Equal([1, float.NaN], Read(reader, $"{Layer}ffn.ffn.0.linear_layer.weight"));
        Assert.Equal([101, float.NaN], Read(reader, $"optimizer.state.{Layer}ffn.ffn.0.linear_layer.weight.exp_avg"));
        Assert.Equal([203, float.NaN], Read(reader, "optimizer.state.model.ln_f.bias.exp_avg_sq"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_head_has_a_number_where_it_is_one_of_its_own(bool tied)
    {
        ZooFileBuilder file = new();
        file.Model("model.", tied ? [.. Decaying, .. Others] : [.. Decaying, "model.lm_head.weight", .. Others]).Number("global_step", 7L);
        if (tied)
        {
            file.Tensor("model.model.lm_head.weight", [2], 0, float.NaN);
        }

        file.Tensor("model.model.transformer_decoder.norm.weight", [2], 0, 0).Write(File);
        using CheckpointReader reader = CheckpointReader.Open(File);

        Assert.Empty(reader.Warnings);
        Assert.Equal(!tied, reader.Contains("optimizer.state.model.lm_head.weight.exp_avg"));
        Assert.Equal(!tied, reader.Contains("model.lm_head.weight"));
        Assert.False(reader.Contains("model.transformer_decoder.norm.weight"));
        Assert.Equal([tied ? 102 : 103, float.NaN], Read(reader, "optimizer.state.model.ln_f.weight.exp_avg"));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(2)]
    public void The_groups_of_parameters_tell_how_normalizations_without_biases_are_counted(int first)
    {
        // Version 1.8 has the normalization's weight in the first group, later ones in the second.
        string[] numbered = first == 3 ? [Decaying[0], "model.ln_f.weight", Decaying[1]] : [.. Decaying, "model.ln_f.weight"];
        ZooFileBuilder file = new ZooFileBuilder().Model("model.", numbered).Number("global_step", 7L);
        for (int number = 0; number < 3; number++)
        {
            file.Number($"optimizer.param_groups.{(number < first ? 0 : 1)}.params.{(number < first ? number : number - first)}", (long)number);
        }

        file.Write(File);
        using CheckpointReader reader = CheckpointReader.Open(File);

        Assert.Equal([first == 3 ? 101 : 102, float.NaN], Read(reader, "optimizer.state.model.ln_f.weight.exp_avg"));
    }

    [Fact]
    public void Values_are_what_their_attributes_say()
    {
        new ZooFileBuilder()
            .Filled("model.model.ln_f.weight", [3], 0.5f)
            .Add("model.model.ln_f.bias", new H5Dataset(new ushort[] { 0x3F80, 0x7FC0, 0xC000 }), ("is_bfloat16", true))
            .Add("model.none", new H5Dataset(0f), ("is_none", true))
            .Add("model.text", new H5Dataset(0f), ("is_string", true), ("string_val", "words"))
            .Write(File);

        using CheckpointReader reader = CheckpointReader.Open(File);

        Assert.Equal(["model.ln_f.weight", "model.ln_f.bias"], reader.Names);
        Assert.Equal([0.5f, 0.5f, 0.5f], Read(reader, "model.ln_f.weight"));
        Assert.Equal([1, float.NaN, -2], Read(reader, "model.ln_f.bias"));
        Assert.Equal("bfloat16", reader.DataType("model.ln_f.bias"));
        Assert.Null(reader.State);
    }

    [Theory]
    [InlineData(7, 0.9, 0.999, "7")]
    [InlineData(7, 0.9, 0.95, "7")]
    [InlineData(3, 0.9, 0.999, "3")]
    [InlineData(60000, 0.9, 0.999, "60000")]
    public void Updates_are_told_from_the_powers_of_the_betas(int updates, double first, double second, string expected)
    {
        new ZooFileBuilder().Model("model.", [.. Decaying, .. Others]).Number("global_step", (long)(updates == 3 ? 7 : updates))
            .Scalar("optimizer.param_groups.0.betas.0", (float)first).Scalar("optimizer.param_groups.0.betas.1", (float)second)
            .Scalar("optimizer.state.0.beta1_power", (float)Math.Pow(first, updates + 1))
            .Scalar("optimizer.state.0.beta2_power", (float)Math.Pow(second, updates + 1))
            .Write(File);

        using CheckpointReader reader = CheckpointReader.Open(File);

        Assert.Equal(expected, reader.Metadata["optimizer.updates"]);
    }

    [Fact]
    public void States_that_belong_to_no_parameter_are_left_out_in_one_line_and_the_weights_stay()
    {
        new ZooFileBuilder().Model("model.", [.. Decaying, .. Others]).Tensor("optimizer.state.3.momentum_buffer", [3], 1, 2, 3)
            .Number("global_step", 7L).Write(File);

        using CheckpointReader reader = CheckpointReader.Open(File);

        Assert.Equal(
            [
                $"{File}: the optimizer's state, 11 tensors, is left out: optimizer.state.3.momentum_buffer is [3], and by its number that of "
                + "model.ln_f.bias, [2]",
            ],
            reader.Warnings);
        Assert.Equal(InOrder, reader.Names);
        Assert.Equal(7, reader.State!.Step);
    }

    [Fact]
    public void States_of_other_optimizers_are_left_out_in_one_line()
    {
        new ZooFileBuilder().Model("model.", [.. Decaying, .. Others]).Tensor("optimizer.state.1.exp_avg_sq_row", [1], 1).Write(File);

        using CheckpointReader reader = CheckpointReader.Open(File);

        Assert.Equal(
            [$"{File}: 1 tensor of the optimizer's state left out, first optimizer.state.1.exp_avg_sq_row: not of AdamW, Adam or SGD"],
            reader.Warnings);
        Assert.True(reader.Contains("optimizer.state.model.ln_f.bias.exp_avg"));
    }

    [Theory]
    [InlineData("step", "is damaged: the list of tensors cannot be read: global_step is -1")]
    [InlineData("bfloat16", "is damaged: the list of tensors cannot be read: model.x is marked as bfloat16, and its elements are float32")]
    [InlineData("shape", "is damaged: the list of tensors cannot be read: model.x holds no elements and no shape")]
    [InlineData(
        "large", "is damaged: the list of tensors cannot be read: model.x of 16000000000000 bytes does not fit a file of")]
    [InlineData("elsewhere", "the elements of model.x are in another file, /far/away, which is not read; load the checkpoint with the Model Zoo")]
    public void What_is_broken_is_told_in_one_line(string what, string expected)
    {
        ZooFileBuilder file = new();
        _ = what switch
        {
            "step" => file.Number("global_step", -1L),
            "bfloat16" => file.Add("model.x", new H5Dataset(new[] { 1f }), ("is_bfloat16", true)),
            "shape" => file.Add("model.x", new H5Dataset(0f), ("is_constructible", true), ("fill_value", 1.0)),
            "large" => file.Filled("model.x", [2000000, 2000000], 1),
            _ => file.Add("model.x", new H5Dataset(0f), ("filepath", "/far/away"), ("shape", new long[] { 1 })),
        };
        file.Write(File);

        CheckpointException exception = Assert.Throws<CheckpointException>(() =>
        {
            using CheckpointReader reader = CheckpointReader.Open(File);
            _ = Read(reader, "model.x");
        });

        Assert.StartsWith($"{File}: {expected}", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }

    private static float[] Read(CheckpointReader reader, string name)
    {
        float[] elements = new float[reader.Elements(name)];
        reader.Read(name, elements);
        return elements;
    }
}
