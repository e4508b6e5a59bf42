using System.CommandLine;
using SparseEngine.Cli.Help;
using SparseEngine.Cli.Hosting;
using SparseEngine.Cli.Output;
using SparseEngine.Distributed;
using SparseEngine.Distributed.Mpi;
using SparseEngine.Kernels.Gpu;

namespace SparseEngine.Cli.Commands;

/// <summary><c>sparse-engine devices</c>: lists what <c>--device</c> can name on this machine.</summary>
internal sealed class DevicesCommand : Command, IHasExamples
{
    private readonly Option<bool> json = new("--json")
    {
        Description = "Print one JSON array in place of the table.",
        Arity = ArgumentArity.Zero,
    };

    public DevicesCommand()
        : base("devices", "List the devices of this machine that --device can name, with their memory and features, and the MPI library.")
    {
        Add(json);
        SetAction(List);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples { get; } =
    [
        new("What --device can name on this machine", "devices"),
    ];

    private int List(ParseResult line)
    {
        (MpiLibrary? mpi, string? problem) = FindMpi();
        IReadOnlyList<ListedDevice> devices = ListedDevice.All(IlgpuDevice.Enumerate(), mpi);
        Terminal terminal = new();
        if (line.GetValue(json))
        {
            Terminal.Write($"{DeviceTable.Json(devices)}\n");
        }
        else
        {
            terminal.Write(DeviceTable.Of(devices));
            terminal.WriteLine(mpi is null
                ? $"MPI, for runs of several processes: {problem}"
                : $"MPI, for runs of several processes: {mpi}");
        }

        return ExitCode.Done;
    }

    private static (MpiLibrary? Library, string? Problem) FindMpi()
    {
        try
        {
            return (MpiLibrary.Find(Launcher.Detect()), null);
        }
        catch (CommunicationException error)
        {
            return (null, error.Message);
        }
    }
}
