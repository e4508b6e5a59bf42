using SparseEngine.Checkpoints;

namespace SparseEngine.Tests.Checkpoints;

public class StoredNameTests
{
    [Theory]
    [InlineData("model.ln_f.weight", "model.ln_f.weight")]
    [InlineData("model.model.ln_f.weight", "model.ln_f.weight")]
    [InlineData("module.model.ln_f.weight", "model.ln_f.weight")]
    [InlineData("_orig_mod.model.ln_f.weight", "model.ln_f.weight")]
    [InlineData("_orig_mod.module.model.ln_f.weight", "model.ln_f.weight")]
    [InlineData("module._orig_mod.module.model.ln_f.weight", "model.ln_f.weight")]
    [InlineData("model._orig_mod.ln_f.weight", "model.ln_f.weight")]
    [InlineData("model.module.model.ln_f.weight", "model.ln_f.weight")]
    [InlineData("model.transformer_decoder.layers.0._orig_mod.norm1.weight", "model.transformer_decoder.layers.0.norm1.weight")]
    [InlineData("transformer.h.0._orig_mod.ln_1.weight", "transformer.h.0.ln_1.weight")]
    [InlineData("optimizer.state.module.model.ln_f.weight.exp_avg", "optimizer.state.model.ln_f.weight.exp_avg")]
    [InlineData("optimizer.state.0.exp_avg", "optimizer.state.0.exp_avg")]
    [InlineData("encoder.module.weight", "encoder.module.weight")]
    [InlineData("my_orig_mod.weight", "my_orig_mod.weight")]
    [InlineData("module.", "module.")]
    [InlineData("_orig_mod", "_orig_mod")]
    [InlineData("", "")]
    public void Wrappers_are_taken_off_and_nothing_else(string stored, string expected) => Assert.Equal(expected, StoredName.WithoutWrappers(stored));
}
