#pragma warning disable
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;
namespace SparseEngine.Kernels.Host;
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    public override void Sddmm(SparsePattern pattern, in DeviceMatrix dy, in DeviceMatrix x, DeviceBuffer<float> gradient, bool accumulate) => throw new NotImplementedException();
    public override void Gemm(GemmLayout layout, in DeviceMatrix a, in DeviceMatrix b, in DeviceMatrix c, bool accumulate) => throw new NotImplementedException();
    public override void AttentionForward(in AttentionArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix output, DeviceBuffer<float> logSumExp) => throw new NotImplementedException();
    public override void AttentionBackward(in AttentionArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix output, DeviceBuffer<float> logSumExp, in DeviceMatrix outputGradient, in DeviceMatrix dq, in DeviceMatrix dk, in DeviceMatrix dv) => throw new NotImplementedException();
}
