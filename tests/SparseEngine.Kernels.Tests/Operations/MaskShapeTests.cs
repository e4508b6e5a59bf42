using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.RandomNumbers;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

/// <summary>Masks that do not fit are refused before anything is chosen.</summary>
public class MaskShapeTests
{
    [Theory]
    [EveryDevice]
    public void Masks_that_do_not_fit_are_refused(DeviceFamily family) => ShapeTests.Check(family, (device, w) =>
    {
        DeviceBuffer<float> weight = w.Buffer(12);
        DeviceBuffer<byte> keep = w.Own(device.Allocate<byte>(12));
        DeviceBuffer<byte> fewer = w.Own(device.Allocate<byte>(11));
        MaskArguments arguments = new(MaskScore.Magnitude, new Pcg64(1), Kept: 12);
        return
        [
            () => device.SelectMask(arguments, weight, fewer),
            () => device.SelectMask(arguments with { Kept = 13 }, weight, keep),
            () => device.SelectMask(arguments with { Kept = -1 }, weight, keep),
            () => device.Compress(weight, fewer, 3, 4),
            () => device.Compress(weight, keep, 3, 5),
            () => device.Compress(weight, keep, -3, -4),
            () => device.Compress(weight, keep, 1 << 20, 1 << 20),
            () => device.SelectMask(arguments with { Kept = 6, Groups = MaskGroups.OfRows(2) }, weight, keep),
            () => device.SelectMask(arguments with { Kept = 6, Groups = MaskGroups.OfRows(2) }, 3, 4, weight, keep),
            () => device.SelectMask(arguments with { Kept = 7, Groups = MaskGroups.OfColumns(2) }, 3, 4, weight, keep),
            () => device.SelectMask(arguments, 3, 5, weight, keep),
            () => device.Compress(fewer, 3, 4),
            () => device.Compress(keep, -3, -4),
        ];
    });

    [Theory]
    [EveryDevice]
    public void Mask_updates_that_do_not_fit_are_refused(DeviceFamily family) => ShapeTests.Check(family, (device, w) =>
    {
        DeviceBuffer<float> twelve = w.Buffer(12);
        DeviceBuffer<float> eleven = w.Buffer(11);
        DeviceBuffer<byte> keep = w.Own(device.Allocate<byte>(12));
        DeviceBuffer<byte> fewer = w.Own(device.Allocate<byte>(11));
        CsrPattern all = CsrPattern.FromMask(3, 4, [.. Enumerable.Repeat(true, 12)]);
        SparsePattern pattern = w.Pattern(all);
        MaskUpdate update = new(0.5, 6, MaskGrowth.Random, new Pcg64(1));
        return
        [
            () => device.UpdateMask(update, pattern, 4, 3, twelve, twelve, keep),
            () => device.UpdateMask(update, pattern, 3, 4, eleven, twelve, keep),
            () => device.UpdateMask(update, pattern, 3, 4, twelve, eleven, keep),
            () => device.UpdateMask(update, pattern, 3, 4, twelve, twelve, fewer),
            () => device.UpdateMask(update, null, 3, 4, eleven, twelve, keep),
            () => device.UpdateMask(update, null, -3, -4, twelve, twelve, keep),
            () => device.UpdateMask(update with { Kept = 13 }, null, 3, 4, twelve, twelve, keep),
            () => device.UpdateMask(update with { Kept = -1 }, null, 3, 4, twelve, twelve, keep),
            () => device.UpdateMask(update with { StayingShare = 1.1 }, null, 3, 4, twelve, twelve, keep),
            () => device.UpdateMask(update with { StayingShare = -0.1 }, null, 3, 4, twelve, twelve, keep),
            () => device.UpdateMask(update with { StayingShare = double.NaN }, null, 3, 4, twelve, twelve, keep),
            () => device.UpdateMask(update with { Growth = (MaskGrowth)9 }, null, 3, 4, twelve, twelve, keep),
            () => device.UpdateMask(update with { Groups = MaskGroups.OfRows(2) }, null, 3, 4, twelve, twelve, keep),
            () => device.UpdateMask(update with { Groups = MaskGroups.OfColumns(3) }, null, 3, 4, twelve, twelve, keep),
            () => device.Transfer(all, null, 4, 3, twelve, w.Buffer(12)),
            () => device.Transfer(null, all, 4, 3, twelve, w.Buffer(12)),
            () => device.Transfer(all, null, 3, 4, eleven, twelve),
            () => device.Transfer(null, all, 3, 4, twelve, eleven),
            () => device.Transfer(null, null, 3, 4, twelve, eleven),
            () => device.Transfer(null, null, 3, 4, twelve, twelve),
        ];
    });
}
