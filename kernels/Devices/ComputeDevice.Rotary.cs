using SparseEngine.Kernels.Devices.Profiling;

namespace SparseEngine.Kernels.Devices;

/// <content>Rotary position embedding.</content>
public abstract partial class ComputeDevice
{
    /// <summary>
    /// Turns pairs of each head's first features by their token's angles, in place (Su et al., 2021): with i below the tables' rows and p the token's
    /// position, x[2i] = x[2i] cos[i, p] - x[2i + 1] sin[i, p] and x[2i + 1] = x[2i + 1] cos[i, p] + x[2i] sin[i, p].
    /// </summary>
    /// <param name="arguments">Shape, positions and direction.</param>
    /// <param name="x">Queries or keys [heads x headSize, tokens].</param>
    /// <param name="cosines">The angles' cosines [turned features / 2, positions].</param>
    /// <param name="sines">Their sines [turned features / 2, positions].</param>
    public void Rotate(in RotaryArguments arguments, in DeviceMatrix x, in DeviceMatrix cosines, in DeviceMatrix sines)
    {
        RequireActivations(x);
        RequireActivations(cosines);
        RequireActivations(sines, cosines.Rows, cosines.Columns);
        if (arguments.HeadSize < 1 || arguments.HeadSize / 2 < cosines.Rows || x.Rows % arguments.HeadSize != 0 || arguments.Sequence < 1
            || x.Columns % arguments.Sequence != 0 || arguments.FirstPosition < 0 || arguments.FirstPosition > cosines.Columns - arguments.Sequence)
        {
            throw new ArgumentException(
                $"rotation needs whole heads of at least {2 * cosines.Rows} features and positions in [0, {cosines.Columns}): {arguments}");
        }

        long start = Begin();
        RotateCore(arguments, x, cosines, sines);
        Done()?.Add("rotary", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    private protected abstract void RotateCore(in RotaryArguments arguments, in DeviceMatrix x, in DeviceMatrix cosines, in DeviceMatrix sines);
}
