#pragma warning disable
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;
namespace SparseEngine.Kernels.Host;
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    public override void AddBias(in DeviceMatrix y, DeviceBuffer<float> bias) => throw new NotImplementedException();
    public override void RowSums(in DeviceMatrix dy, DeviceBuffer<float> sums, bool accumulate) => throw new NotImplementedException();
    public override void Add(in DeviceMatrix x, in DeviceMatrix y) => throw new NotImplementedException();
    public override void ActivationForward(Activation activation, in DeviceMatrix x, in DeviceMatrix y) => throw new NotImplementedException();
    public override void ActivationBackward(Activation activation, in DeviceMatrix x, in DeviceMatrix dy, in DeviceMatrix dx) => throw new NotImplementedException();
    public override void LayerNormForward(in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float> bias, float epsilon, in DeviceMatrix y, DeviceBuffer<float> mean, DeviceBuffer<float> inverseDeviation) => throw new NotImplementedException();
    public override void LayerNormBackward(in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float> mean, DeviceBuffer<float> inverseDeviation, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate, DeviceBuffer<float> weightGradient, DeviceBuffer<float> biasGradient) => throw new NotImplementedException();
    public override void EmbeddingForward(DeviceBuffer<int> ids, in DeviceMatrix wordTable, DeviceMatrix? positionTable, int sequence, in DeviceMatrix x) => throw new NotImplementedException();
    public override void EmbeddingBackward(DeviceBuffer<int> ids, in DeviceMatrix dx, int sequence, in DeviceMatrix wordGradient, DeviceMatrix? positionGradient) => throw new NotImplementedException();
    public override void SoftmaxCrossEntropy(in DeviceMatrix logits, DeviceBuffer<int> labels, DeviceBuffer<float> weights, DeviceBuffer<float> losses, DeviceBuffer<float> hits, float? gradientScale) => throw new NotImplementedException();
    public override void Dropout(in DeviceMatrix x, float rate, DropoutKey key) => throw new NotImplementedException();
    public override double SumOfSquares(DeviceBuffer<float> values) => throw new NotImplementedException();
    public override void AdamStep(in AdamArguments arguments, DeviceBuffer<float> weight, DeviceBuffer<float> gradient, DeviceBuffer<float> firstMoment, DeviceBuffer<float> secondMoment) => throw new NotImplementedException();
    public override void SgdStep(in SgdArguments arguments, DeviceBuffer<float> weight, DeviceBuffer<float> gradient, DeviceBuffer<float>? velocity) => throw new NotImplementedException();
}
