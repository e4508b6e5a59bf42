using SparseEngine.Kernels.Devices;

namespace SparseEngine.Sparsity;

/// <summary>Chooses the elements of a model's parameters that are kept.</summary>
internal interface IMaskSelection
{
    /// <summary>Chooses those of one parameter.</summary>
    /// <param name="index">Its index in <c>named_parameters()</c> order.</param>
    /// <param name="parameter">Its name and shape.</param>
    /// <param name="weight">Its values before masking.</param>
    /// <returns>1 for an element that is kept, else 0, on the weight's device and the caller's to dispose of; null to keep all.</returns>
    DeviceBuffer<byte>? Select(int index, NamedShape parameter, DenseWeight weight);
}
