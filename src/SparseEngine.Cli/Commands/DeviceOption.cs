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
