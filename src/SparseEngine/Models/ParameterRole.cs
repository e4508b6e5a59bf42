namespace SparseEngine.Models;

/// <summary>What a parameter is to its model.</summary>
public enum ParameterRole
{
    /// <summary>A table that tokens or positions look rows up in.</summary>
    Embedding,

    /// <summary>The weight of a decoder's linear layer.</summary>
    LinearWeight,

    /// <summary>The weight of an output head that is not the token table.</summary>
    HeadWeight,

    /// <summary>The scale of a normalization.</summary>
    Scale,

    /// <summary>What is added: the bias of a linear layer or a normalization.</summary>
    Bias,
}
