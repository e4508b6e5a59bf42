using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>The output head: a linear layer to the vocabulary, and the cross-entropy of what it gives.</summary>
/// <param name="device">The device.</param>
/// <param name="weight">[vocabulary, hidden]: the token table where that is shared.</param>
/// <param name="bias">[vocabulary]; null for none.</param>
internal sealed class OutputHead(ComputeDevice device, Parameter weight, Parameter? bias)
{
    private readonly Linear linear = new(device, weight, bias);

    /// <summary>Logits [vocabulary, tokens] of normalized activations x [hidden, tokens].</summary>
    public void Logits(in DeviceMatrix x, in DeviceMatrix logits) => linear.Forward(x, logits);

    /// <summary>Columns of the logits that <see cref="Loss"/> of so many tokens needs as the weight is now: a sparse one has all at once.</summary>
    public int LogitTokens(int tokens, bool gradients) =>
        weight.Pattern is null ? device.LogitTokens(weight.Shape[0], tokens, gradients) : tokens;

    /// <summary>The tokens' losses and hits; with a gradient scale also adds to the parameters' gradients and writes that of x.</summary>
    /// <param name="x">Normalized activations [hidden, tokens].</param>
    /// <param name="logits">Memory for logits [vocabulary, <see cref="LogitTokens"/> or more].</param>
    /// <param name="tokens">Labels, mask and results.</param>
    /// <param name="gradientScale">What the summed loss is multiplied by in the gradients; null for none.</param>
    /// <param name="dx">Receives the gradient of x; not touched without a scale.</param>
    public void Loss(in DeviceMatrix x, in DeviceMatrix logits, in TokenLosses tokens, float? gradientScale, in DeviceMatrix dx)
    {
        if (weight.Pattern is null)
        {
            LinearGradients? gradients = gradientScale is { } scale ? new(scale, Matrix(weight.Gradient), bias?.Gradient, dx) : null;
            device.LinearCrossEntropy(Matrix(weight.Values), bias?.Values, x, logits, tokens, gradients);
            return;
        }

        DeviceMatrix y = logits with { Columns = x.Columns };
        linear.Forward(x, y);
        device.SoftmaxCrossEntropy(y, tokens.Labels, tokens.Weights, tokens.Losses, tokens.Hits, gradientScale);
        if (gradientScale is not null)
        {
            linear.Backward(x, y, dx, accumulate: false);
        }
    }

    private DeviceMatrix Matrix(DeviceBuffer<float> buffer) => DeviceMatrix.Dense(buffer, weight.Shape[0], weight.Shape[1]);
}
