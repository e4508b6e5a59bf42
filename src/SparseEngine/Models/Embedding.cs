using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>
/// Token and position tables, summed: x[:, t] = words[ids[t], :] + positions[first + t mod sequence, :], then an optional normalization, a scale
/// and dropout.
/// </summary>
internal sealed class Embedding(ComputeDevice device, ModelParameters model, ParameterSet parameters)
{
    private readonly Parameter words = parameters[GptArchitecture.WordEmbeddings];
    private readonly Parameter? positions = parameters.Find(GptArchitecture.PositionEmbeddings);
    private readonly Normalization? norm = model.EmbeddingLayerNorm
        ? Normalization.Create(device, parameters, GptArchitecture.EmbeddingNorm, model.Norm, model.LayerNormEpsilon)
        : null;

    /// <summary>Declares the tables [entries, hidden] and the normalization.</summary>
    public static void Declare(ParameterList parameters, ModelParameters model)
    {
        InitializerParameters initializer = model.EmbeddingInitializer ?? InitializerParameters.Normal(model.InitializerRange);
        parameters.Add(GptArchitecture.WordEmbeddings, ParameterRole.Embedding, initializer, model.VocabularySize, model.HiddenSize);
        if (model.PositionEmbedding == PositionEmbedding.Learned)
        {
            parameters.Add(GptArchitecture.PositionEmbeddings, ParameterRole.Embedding, initializer, model.MaxPositionEmbeddings, model.HiddenSize);
        }

        if (model.EmbeddingLayerNorm)
        {
            Normalization.Declare(parameters, GptArchitecture.EmbeddingNorm, model.Norm, model.HiddenSize);
        }
    }

    /// <summary>Writes the residual stream's beginning x [hidden, tokens].</summary>
    public void Forward(GptWorkspace workspace, in DeviceMatrix x, DropoutPass? dropout)
    {
        DeviceMatrix sum = workspace.EmbeddingSum ?? x;
        device.EmbeddingForward(workspace.InputIds, Table(words, words.Values), PositionsOf(workspace), workspace.Sequence, sum);
        if (norm is not null)
        {
            norm.Forward(sum, x, workspace.EmbeddingNorm!);
        }

        Scale(x);
        Drop(x, dropout);
    }

    /// <summary>Adds to the tables' gradients from the workspace's residual gradient, which it uses up.</summary>
    public void Backward(GptWorkspace workspace, DropoutPass? dropout)
    {
        DeviceMatrix dx = workspace.ResidualGradient;
        Drop(dx, dropout);
        Scale(dx);
        if (norm is not null)
        {
            norm.Backward(workspace.EmbeddingSum!.Value, workspace.EmbeddingNorm!, dx, workspace.BranchGradient, accumulate: false);
            dx = workspace.BranchGradient;
        }

        DeviceMatrix? positionGradient = positions is null ? null : Table(positions, positions.Gradient);
        device.EmbeddingBackward(workspace.InputIds, dx, workspace.Sequence, Table(words, words.Gradient), positionGradient);
    }

    private static DeviceMatrix Table(Parameter parameter, DeviceBuffer<float> buffer) =>
        DeviceMatrix.Dense(buffer, parameter.Shape[0], parameter.Shape[1]);

    private DeviceMatrix? PositionsOf(GptWorkspace workspace)
    {
        DeviceMatrix? table = positions is null ? workspace.Positions.Sinusoids : Table(positions, positions.Values);
        return table?.RowRange(workspace.FirstPosition, table.Value.Rows - workspace.FirstPosition);
    }

    private void Scale(in DeviceMatrix x)
    {
        if (model.EmbeddingsScale != 1)
        {
            device.Scale(x, (float)model.EmbeddingsScale);
        }
    }

    private void Drop(in DeviceMatrix x, DropoutPass? dropout)
    {
        if (dropout is { } pass && model.EmbeddingDropoutRate > 0)
        {
            device.Dropout(x, (float)model.EmbeddingDropoutRate, pass.At(DropoutPass.EmbeddingSite));
        }
    }
}
