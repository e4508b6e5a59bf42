using SparseEngine.Kernels.Devices;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads what is between the feed-forward's two layers.</summary>
internal static class FeedForwardSection
{
    /// <summary>The words for the non-linearity, and whether it is that of a gate.</summary>
    private static readonly Choices<(Activation Function, bool IsGate)> Nonlinearities = new(
        ("gelu", (Activation.Gelu, false)), ("gelu_new", (Activation.GeluNew, false)), ("quick_gelu", (Activation.QuickGelu, false)),
        ("relu", (Activation.Relu, false)), ("squared_relu", (Activation.SquaredRelu, false)), ("leaky_relu", (Activation.LeakyRelu, false)),
        ("relu6", (Activation.Relu6, false)), ("silu", (Activation.Silu, false)), ("swish", (Activation.Silu, false)),
        ("sigmoid", (Activation.Sigmoid, false)), ("tanh", (Activation.Tanh, false)), ("linear", (Activation.Linear, false)),
        ("swiglu", (Activation.Silu, true)), ("geglu", (Activation.Gelu, true)), ("reglu", (Activation.Relu, true)),
        ("liglu", (Activation.Linear, true)));

    /// <summary>Reads the keys.</summary>
    public static ModelParameters Read(SectionReader section, ModelParameters defaults)
    {
        (Activation function, bool isGate) = section.Value("nonlinearity")
            ?.AsChoice(Nonlinearities, "gelu_fast", "squared_gelu", "mish", "swiglu_clamped") ?? (defaults.Nonlinearity, defaults.GatedFeedForward);
        return defaults with
        {
            UseFfnBias = section.Boolean("use_ffn_bias") ?? defaults.UseFfnBias,
            Nonlinearity = function,
            GatedFeedForward = isGate,
        };
    }

    /// <summary>The word for a model's non-linearity; one that only code can ask for is told by its parts.</summary>
    public static string NameOf(ModelParameters model) =>
        Nonlinearities.Find((model.Nonlinearity, model.GatedFeedForward)) ?? $"a gate of {Nonlinearities.Find((model.Nonlinearity, false))}";
}
