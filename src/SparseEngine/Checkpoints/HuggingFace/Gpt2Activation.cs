using System.Collections.Immutable;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>The non-linearities by the names that <c>activation_function</c> has for them.</summary>
internal static class Gpt2Activation
{
    // The first name of each is the one that is written. Several are one function in different code.
    private static readonly ImmutableArray<(string Name, Activation Function)> Known =
    [
        ("gelu", Activation.Gelu), ("gelu_python", Activation.Gelu),
        ("gelu_new", Activation.GeluNew), ("gelu_fast", Activation.GeluNew), ("gelu_accurate", Activation.GeluNew),
        ("gelu_pytorch_tanh", Activation.GeluNew), ("gelu_python_tanh", Activation.GeluNew),
        ("quick_gelu", Activation.QuickGelu), ("relu", Activation.Relu), ("relu2", Activation.SquaredRelu),
        ("leaky_relu", Activation.LeakyRelu), ("relu6", Activation.Relu6), ("silu", Activation.Silu), ("swish", Activation.Silu),
        ("sigmoid", Activation.Sigmoid), ("tanh", Activation.Tanh), ("linear", Activation.Linear),
    ];

    /// <summary>All names that have a counterpart, for messages.</summary>
    public static string Names => string.Join(", ", Known.Select(known => known.Name));

    /// <summary>The function of this name; null where it has no counterpart.</summary>
    public static Activation? Find(string name) =>
        Known.Where(known => known.Name == name).Select(known => (Activation?)known.Function).FirstOrDefault();

    /// <summary>The name of a function.</summary>
    public static string NameOf(Activation function) => Known.First(known => known.Function == function).Name;
}
