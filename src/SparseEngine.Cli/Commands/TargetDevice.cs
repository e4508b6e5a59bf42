namespace SparseEngine.Cli.Commands;

/// <summary>The device words of the Model Zoo's run.py.</summary>
internal enum TargetDevice
{
    /// <summary>The host.</summary>
    Cpu,

    /// <summary>A GPU, or whatever <c>--device</c> names.</summary>
    Gpu,

    /// <summary>A Cerebras system; here its runs take place on the host.</summary>
    Csx,
}
