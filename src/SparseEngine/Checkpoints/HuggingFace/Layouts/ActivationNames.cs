using System.Collections.Immutable;
using System.Text.Json;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>The non-linearities by the names that a config.json has for them.</summary>
internal static class ActivationNames
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

    // The functions whose gated forms have a name here: swiglu, geglu, reglu, liglu.
    private static readonly ImmutableArray<Activation> Gates = [Activation.Silu, Activation.Gelu, Activation.Relu, Activation.Linear];

    /// <summary>Reads the function under a key.</summary>
    /// <param name="config">The config.json.</param>
    /// <param name="key">The key.</param>
    /// <param name="byDefault">The name where there is none.</param>
    /// <param name="gated">Whether it is the gate's.</param>
    /// <exception cref="CheckpointException">It has no counterpart.</exception>
    public static Activation Read(ConfigReader config, string key, string byDefault, bool gated = false)
    {
        (string Name, Activation Function)[] valid = [.. Known.Where(known => !gated || Gates.Contains(known.Function))];
        string name = config.Word(key, byDefault);
        foreach ((string known, Activation function) in valid)
        {
            if (known == name)
            {
                return function;
            }
        }

        throw config.Invalid(key, $"\"{name}\"", string.Join(", ", valid.Select(known => known.Name)));
    }

    /// <summary>Writes a model's function.</summary>
    public static void Write(Utf8JsonWriter json, string key, ModelParameters model) =>
        json.WriteString(key, Known.First(known => known.Function == model.Nonlinearity).Name);
}
