#pragma warning disable
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;
namespace SparseEngine.Kernels.Host;
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    public override void AttentionForward(in AttentionArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix output, DeviceBuffer<float> logSumExp) => throw new NotImplementedException();
    public override void AttentionBackward(in AttentionArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix output, DeviceBuffer<float> logSumExp, in DeviceMatrix outputGradient, in DeviceMatrix dq, in DeviceMatrix dk, in DeviceMatrix dv) => throw new NotImplementedException();
}
