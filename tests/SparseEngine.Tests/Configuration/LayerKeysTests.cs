using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Tests.Configuration;

/// <summary>What normalizes the residual stream, and what is between the feed-forward's layers.</summary>
public sealed class LayerKeysTests
{
    [Theory]
    [InlineData("norm_type: layernorm", NormKind.LayerNorm)]
    [InlineData("norm_type: rmsnorm", NormKind.RmsNorm)]
    [InlineData("norm_type: RMSNorm", NormKind.RmsNorm)]
    [InlineData("norm_type: biasless-layernorm", NormKind.BiaslessLayerNorm)]
    [InlineData("use_rms_norm: true", NormKind.RmsNorm)]
    [InlineData("use_rms_norm: false", NormKind.LayerNorm)]
    [InlineData("use_biasless_norm: true", NormKind.BiaslessLayerNorm)]
    [InlineData("norm_type: null", NormKind.LayerNorm)]
    public void A_normalization_goes_by_its_name(string keys, NormKind expected)
    {
        Assert.Equal(expected, ModelYaml.Sections(keys).Norm);
        Assert.Equal(expected, ModelYaml.Trainer("llama", keys).Norm);
    }

    [Theory]
    [InlineData("swiglu", Activation.Silu)]
    [InlineData("geglu", Activation.Gelu)]
    [InlineData("reglu", Activation.Relu)]
    [InlineData("liglu", Activation.Linear)]
    [InlineData("SwiGLU", Activation.Silu)]
    public void A_gated_feed_forward_goes_by_its_name(string name, Activation gate)
    {
        ModelParameters model = ModelYaml.Sections($"nonlinearity: {name}");

        Assert.Equal((gate, true), (model.Nonlinearity, model.GatedFeedForward));
        Assert.False(ModelYaml.Sections("nonlinearity: silu").GatedFeedForward);
    }

    [Theory]
    [InlineData("norm_type: batchnorm1d", "11:3: model.norm_type is \"batchnorm1d\"; valid: layernorm, rmsnorm, biasless-layernorm")]
    [InlineData(
        "norm_type: nonparametric-layernorm",
        "11:3: model.norm_type is \"nonparametric-layernorm\", which is not implemented; valid: layernorm, rmsnorm, biasless-layernorm")]
    [InlineData(
        "nonlinearity: swiglu_clamped",
        "11:3: model.nonlinearity is \"swiglu_clamped\", which is not implemented; valid: gelu, gelu_new, quick_gelu, relu, squared_relu, "
        + "leaky_relu, relu6, silu, swish, sigmoid, tanh, linear, swiglu, geglu, reglu, liglu")]
    [InlineData("moe_params: {num_experts: 8}", "11:3: model.moe_params is a map: the key is not implemented; valid: no such key")]
    [InlineData("final_logit_softcapping: 30.0", "11:3: model.final_logit_softcapping is 30.0: the key is not implemented; valid: no such key")]
    [InlineData(
        "norm_first_sandwich: true",
        "11:3: model.norm_first_sandwich is true: the key is not implemented; valid: false, which changes nothing, or no such key")]
    public void What_is_not_implemented_is_refused_by_its_name(string keys, string error) => Assert.Equal([error], ModelYaml.Errors(keys));
}
