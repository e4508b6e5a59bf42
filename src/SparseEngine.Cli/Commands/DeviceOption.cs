using System.CommandLine;
using System.CommandLine.Parsing;
using SparseEngine.Kernels;

namespace SparseEngine.Cli.Commands;

/// <summary>The option --device.</summary>
internal static class DeviceOption
{
    /// <summary>The option, without a default.</summary>
    public static Option<DeviceChoice?> Create(string description) => new("--device")
    {
        Description = description,
        HelpName = "auto|host|cuda[:N]|opencl[:N]|ilgpu-cpu",
        CustomParser = Parse,
    };

    /// <summary>Whether a value of the option says which of the devices of a kind: "cuda:0", and not "cuda".</summary>
    public static bool HasNumber(OptionResult value) => value.Tokens.Any(token => token.Value.Contains(':', StringComparison.Ordinal));

    private static DeviceChoice? Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (DeviceChoice.TryParse(text, out DeviceChoice choice))
        {
            return choice;
        }

        result.AddError($"--device is \"{text}\"; valid: {DeviceChoice.ValidNames}");
        return null;
    }
}
