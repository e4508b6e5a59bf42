using SparseEngine.Kernels.Devices.Profiling;

namespace SparseEngine.Kernels.Devices;

/// <summary>What a cross-entropy knows and tells of each token, as <see cref="ComputeDevice.SoftmaxCrossEntropy"/> does.</summary>
/// <param name="Labels">The next token [tokens].</param>
/// <param name="Weights">The loss mask [tokens].</param>
/// <param name="Losses">Receives [tokens].</param>
/// <param name="Hits">Receives [tokens].</param>
public readonly record struct TokenLosses(
    DeviceBuffer<int> Labels, DeviceBuffer<float> Weights, DeviceBuffer<float> Losses, DeviceBuffer<float> Hits);

/// <summary>Where the gradients of a linear layer and its loss go.</summary>
/// <param name="Scale">What the summed loss is multiplied by.</param>
/// <param name="Weight">Added to [vocabulary, features].</param>
/// <param name="Bias">Added to [vocabulary]; null without a bias.</param>
/// <param name="X">Receives the gradient of the layer's input [features, tokens].</param>
public readonly record struct LinearGradients(float Scale, DeviceMatrix Weight, DeviceBuffer<float>? Bias, DeviceMatrix X);

/// <content>The output head and its loss, in one.</content>
public abstract partial class ComputeDevice
{
    /// <summary>
    /// Columns of the logits that <see cref="LinearCrossEntropy"/> needs: all tokens', or fewer, where the device goes through them block by block.
    /// </summary>
    /// <param name="vocabulary">Rows of the layer's weight.</param>
    /// <param name="tokens">Tokens of a call.</param>
    /// <param name="gradients">Whether it asks for gradients.</param>
    public virtual int LogitTokens(int vocabulary, int tokens, bool gradients) => tokens;

    /// <summary>
    /// The <see cref="SoftmaxCrossEntropy"/> of a linear layer's outputs weight x + bias and, where asked for, the gradients of both. The outputs
    /// themselves need not be there all at once.
    /// </summary>
    /// <param name="weight">[vocabulary, features].</param>
    /// <param name="bias">[vocabulary]; null for none.</param>
    /// <param name="x">[features, tokens].</param>
    /// <param name="logits">[vocabulary, <see cref="LogitTokens"/> or more]; what it holds afterwards is unspecified.</param>
    /// <param name="tokens">Labels, mask and results.</param>
    /// <param name="gradients">Where gradients go; null for the losses alone.</param>
    public void LinearCrossEntropy(
        in DeviceMatrix weight, DeviceBuffer<float>? bias, in DeviceMatrix x, in DeviceMatrix logits, in TokenLosses tokens,
        LinearGradients? gradients)
    {
        RequireLinearCrossEntropy(weight, bias, x, logits, tokens, gradients);
        long start = Begin();
        LinearCrossEntropyCore(weight, bias, x, logits, tokens, gradients);
        double products = gradients is null ? 1 : 3;
        Done()?.Add(
            "head and loss", OperationKind.Linear, start, products * 2 * weight.Rows * weight.Columns * x.Columns,
            (weight.Rows, x.Columns, weight.Columns));
    }

    /// <summary>All logits, then their loss and gradient in their place.</summary>
    private protected virtual void LinearCrossEntropyCore(
        in DeviceMatrix weight, DeviceBuffer<float>? bias, in DeviceMatrix x, in DeviceMatrix logits, in TokenLosses tokens,
        LinearGradients? gradients)
    {
        DeviceMatrix y = logits with { Columns = x.Columns };
        GemmCore(GemmLayout.Normal, weight, x, y, accumulate: false);
        if (bias is not null)
        {
            AddBiasCore(y, bias);
        }

        SoftmaxCrossEntropyCore(y, tokens.Labels, tokens.Weights, tokens.Losses, tokens.Hits, gradients?.Scale);
        if (gradients is { } wanted)
        {
            GemmCore(GemmLayout.TransposedB, y, x, wanted.Weight, accumulate: true);
            if (wanted.Bias is not null)
            {
                RowSumsCore(y, wanted.Bias, accumulate: true);
            }

            GemmCore(GemmLayout.TransposedA, weight, y, wanted.X, accumulate: false);
        }
    }

    private void RequireLinearCrossEntropy(
        in DeviceMatrix weight, DeviceBuffer<float>? bias, in DeviceMatrix x, in DeviceMatrix logits, in TokenLosses tokens,
        in LinearGradients? gradients)
    {
        RequireMatrix(weight);
        RequireActivations(x, weight.Columns, x.Columns);
        RequireActivations(logits);
        int atOnce = LogitTokens(weight.Rows, x.Columns, gradients is not null);
        if (logits.Rows != weight.Rows || logits.Columns < atOnce)
        {
            throw new ArgumentException(
                $"the matrix is {logits.Rows} x {logits.Columns}, {weight.Rows} x {atOnce} is needed", nameof(logits));
        }

        RequireLength(tokens.Labels, x.Columns);
        RequireLength(tokens.Weights, x.Columns);
        RequireLength(tokens.Losses, x.Columns);
        RequireLength(tokens.Hits, x.Columns);
        RequireLabels(tokens.Labels, tokens.Weights, weight.Rows, x.Columns);
        if (bias is not null)
        {
            RequireLength(bias, weight.Rows);
        }

        if (gradients is not { } wanted)
        {
            return;
        }

        RequireMatrix(wanted.Weight);
        if (wanted.Weight.Rows != weight.Rows || wanted.Weight.Columns != weight.Columns)
        {
            throw new ArgumentException(
                $"the gradient is {wanted.Weight.Rows} x {wanted.Weight.Columns}, {weight.Rows} x {weight.Columns} is needed", nameof(gradients));
        }

        RequireActivations(wanted.X, weight.Columns, x.Columns);
        if (bias is not null)
        {
            RequireLength(wanted.Bias, weight.Rows);
        }
    }
}
