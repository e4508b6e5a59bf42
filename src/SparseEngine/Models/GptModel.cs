using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>A decoder of the GPT family over parameters on a device: forward and backward passes, written once for every device.</summary>
internal sealed class GptModel
{
    private readonly ComputeDevice device;
    private readonly Embedding embedding;
    private readonly ImmutableArray<DecoderLayer> layers;
    private readonly Normalization finalNorm;
    private readonly OutputHead head;

    // In the order in which a backward pass has done with them: of the head and the last norm, of each layer from the last on, of the rest.
    private readonly ImmutableArray<ImmutableArray<Parameter>> backwardOrder;

    /// <summary>Assembles the model from its parameters, which it does not own.</summary>
    public GptModel(ComputeDevice device, ModelParameters shape, ParameterSet parameters)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(parameters);
        this.device = device;
        Shape = shape;
        Parameters = parameters;
        embedding = new Embedding(device, shape, parameters);
        layers = [.. Enumerable.Range(0, shape.Layers).Select(index => DecoderLayer.Create(device, shape, parameters, index))];
        finalNorm = Normalization.Create(device, parameters, GptArchitecture.FinalNorm, shape.Norm, shape.LayerNormEpsilon);
        string headWeight = shape.ShareEmbeddingWeights ? GptArchitecture.WordEmbeddings : $"{GptArchitecture.Head}.weight";
        head = new OutputHead(device, parameters[headWeight], parameters.Find($"{GptArchitecture.Head}.bias"));
        backwardOrder =
        [
            [.. parameters.Where(IsOfHead)],
            .. Enumerable.Range(0, shape.Layers).Reverse().Select(
                layer => parameters.Where(parameter => parameter.Definition.Layer == layer).ToImmutableArray()),
            [.. parameters.Where(parameter => parameter.Definition.Layer is null && !IsOfHead(parameter))],
        ];
    }

    /// <summary>The model section it was built from.</summary>
    public ModelParameters Shape { get; }

    /// <summary>Its parameters in <c>named_parameters()</c> order.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>Declares all parameters; an output head of its own comes last.</summary>
    public static void Declare(ParameterList parameters, ModelParameters model)
    {
        Embedding.Declare(parameters, model);
        Normalization.Declare(parameters, GptArchitecture.FinalNorm, model.Norm, model.HiddenSize);
        for (int index = 0; index < model.Layers; index++)
        {
            parameters.Layer = index;
            DecoderLayer.Declare(parameters, model, index);
        }

        parameters.Layer = null;
        if (!model.ShareEmbeddingWeights)
        {
            InitializerParameters initializer = InitializerParameters.Normal(model.InitializerRange);
            parameters.Add($"{GptArchitecture.Head}.weight", ParameterRole.HeadWeight, initializer, model.VocabularySize, model.HiddenSize);
        }

        if (model.UseBiasInOutput)
        {
            parameters.Add($"{GptArchitecture.Head}.bias", ParameterRole.Bias, InitializerParameters.Constant(0), model.VocabularySize);
        }
    }

    /// <summary>From the workspace's token ids to its <see cref="GptWorkspace.Normalized"/> [hidden, tokens], scaled as the logits are.</summary>
    /// <param name="workspace">The activations.</param>
    /// <param name="dropout">Which dropout masks to draw; null for none.</param>
    public void Forward(GptWorkspace workspace, DropoutPass? dropout = null)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        embedding.Forward(workspace, workspace.Residual[0], dropout);
        for (int index = 0; index < layers.Length; index++)
        {
            layers[index].Forward(workspace, workspace.Residual[index], workspace.Residual[index + 1], dropout);
        }

        finalNorm.Forward(workspace.Residual[^1], workspace.Normalized, workspace.FinalNorm);
        ScaleLogits(workspace.Normalized);
    }

    /// <summary>The output head: logits [vocabulary, tokens] of normalized activations [hidden, tokens], all tokens or some.</summary>
    public void Logits(in DeviceMatrix normalized, in DeviceMatrix logits) => head.Logits(normalized, logits);

    /// <summary>Columns of the logits [vocabulary, columns] that <see cref="Loss"/> of so many tokens needs now.</summary>
    public int LogitTokens(int tokens, bool gradients) => head.LogitTokens(tokens, gradients);

    /// <summary>The losses of a forward pass; with a gradient scale also begins the backward pass, adding to the head's gradients.</summary>
    /// <param name="workspace">The activations of the last <see cref="Forward"/>; a training workspace where a backward pass follows.</param>
    /// <param name="logits">Memory for logits [vocabulary, <see cref="LogitTokens"/> or more].</param>
    /// <param name="tokens">Labels, mask and results.</param>
    /// <param name="gradientScale">What the summed loss is multiplied by in the gradients; null where no backward pass follows.</param>
    public void Loss(GptWorkspace workspace, in DeviceMatrix logits, in TokenLosses tokens, float? gradientScale)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        head.Loss(workspace.Normalized, logits, tokens, gradientScale, gradientScale is null ? default : workspace.BranchGradient);
    }

    /// <summary>Adds to every parameter's gradient but the head's, to which <see cref="Loss"/> has added.</summary>
    /// <param name="workspace">The activations of the last <see cref="Forward"/>, with what <see cref="Loss"/> left there.</param>
    /// <param name="dropout">What that forward pass was given.</param>
    /// <param name="complete">Told, as the pass goes, to which parameters' gradients it has added all; null for nobody.</param>
    public void Backward(GptWorkspace workspace, DropoutPass? dropout = null, Action<ImmutableArray<Parameter>>? complete = null)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        ScaleLogits(workspace.BranchGradient);
        finalNorm.Backward(workspace.Residual[^1], workspace.FinalNorm, workspace.BranchGradient, workspace.ResidualGradient, accumulate: false);
        complete?.Invoke(backwardOrder[0]);
        for (int index = layers.Length - 1; index >= 0; index--)
        {
            layers[index].Backward(workspace, workspace.Residual[index], dropout);
            complete?.Invoke(backwardOrder[layers.Length - index]);
        }

        embedding.Backward(workspace, dropout);
        complete?.Invoke(backwardOrder[^1]);
    }

    /// <summary>Whether the head or the norm before it has the parameter for itself: a head's weight may be the token table.</summary>
    private static bool IsOfHead(Parameter parameter) =>
        parameter.Name.StartsWith($"{GptArchitecture.Head}.", StringComparison.Ordinal)
        || parameter.Name.StartsWith($"{GptArchitecture.FinalNorm}.", StringComparison.Ordinal);

    /// <summary>What the head reads is smaller than what it gives.</summary>
    private void ScaleLogits(in DeviceMatrix normalized)
    {
        if (Shape.LogitsScale != 1)
        {
            device.Scale(normalized, (float)Shape.LogitsScale);
        }
    }
}
