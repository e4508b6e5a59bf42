using SparseEngine.Kernels.Devices;
using SparseEngine.Sparsity;

namespace SparseEngine.Tests.Models;

/// <summary>Masks that a test makes up.</summary>
/// <param name="flags">One flag per element of a parameter, by its index; null to keep all.</param>
internal sealed class FlaggedMasks(Func<int, NamedShape, bool[]?> flags) : IMaskSelection
{
    public DeviceBuffer<byte>? Select(int index, NamedShape parameter, DenseWeight weight) =>
        flags(index, parameter) is { } keep ? weight.Upload(keep) : null;
}
