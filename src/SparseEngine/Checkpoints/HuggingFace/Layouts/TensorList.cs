using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>Collects the tensors of a model. A layer's bias is one where the model has it.</summary>
internal sealed class TensorList
{
    private const string Weight = ".weight";
    private const string Bias = ".bias";

    private readonly Dictionary<string, ParameterDefinition> parameters;
    private readonly ImmutableArray<LayoutTensor>.Builder tensors = ImmutableArray.CreateBuilder<LayoutTensor>();

    private TensorList(ModelParameters model) =>
        parameters = GptArchitecture.Parameters(model).ToDictionary(parameter => parameter.Name, StringComparer.Ordinal);

    /// <summary>All tensors that a model has in a layout.</summary>
    public static ImmutableArray<LayoutTensor> Of(IHuggingFaceLayout layout, ModelParameters model)
    {
        TensorList list = new(model);
        list.Add(layout.Names.WordEmbeddings, GptArchitecture.WordEmbeddings);
        layout.Declare(list, model);
        if (!model.ShareEmbeddingWeights)
        {
            list.Add(layout.Names.Head + Weight, GptArchitecture.Head + Weight);
        }

        if (model.UseBiasInOutput)
        {
            list.Add(layout.Names.Head + Bias, GptArchitecture.Head + Bias);
        }

        return list.tensors.ToImmutable();
    }

    /// <summary>Adds a tensor that is a parameter.</summary>
    public void Add(string name, string parameter) => tensors.Add(new LayoutTensor(name, [parameters[parameter]], RowOrder.Joined));

    /// <summary>Adds a normalization.</summary>
    public void AddNorm(string name, string norm) => AddLinear(name, norm);

    /// <summary>Adds a linear layer whose weight is [out, in].</summary>
    public void AddLinear(string name, string linear) => AddLinear(name, RowOrder.Joined, linear);

    /// <summary>Adds a linear layer whose weight is [out, in] and which has the outputs of one or several here in an order.</summary>
    public void AddLinear(string name, RowOrder order, params ReadOnlySpan<string> linears) => Add(name, order, transposed: false, linears);

    /// <summary>Adds a Conv1D layer, whose weight is [in, out], with the outputs of several side by side.</summary>
    public void AddConv1D(string name, params ReadOnlySpan<string> linears) => Add(name, RowOrder.Joined, transposed: true, linears);

    private void Add(string name, RowOrder order, bool transposed, ReadOnlySpan<string> layers)
    {
        ImmutableArray<NamedShape>.Builder weights = ImmutableArray.CreateBuilder<NamedShape>();
        ImmutableArray<NamedShape>.Builder biases = ImmutableArray.CreateBuilder<NamedShape>();
        foreach (string layer in layers)
        {
            weights.Add(parameters[layer + Weight]);
            if (parameters.TryGetValue(layer + Bias, out ParameterDefinition? bias))
            {
                biases.Add(bias);
            }
        }

        tensors.Add(new LayoutTensor(name + Weight, weights.ToImmutable(), order, transposed));
        if (biases.Count > 0)
        {
            tensors.Add(new LayoutTensor(name + Bias, biases.ToImmutable(), order));
        }
    }
}
