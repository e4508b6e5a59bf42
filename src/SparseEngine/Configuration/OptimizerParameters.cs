using System.Collections.Immutable;

namespace SparseEngine.Configuration;

/// <summary>The optimizer section.</summary>
public sealed record OptimizerParameters
{
    /// <summary>The update rule.</summary>
    public required OptimizerKind Kind { get; init; }

    /// <summary>The learning rate over the steps.</summary>
    public required LearningRateParameters LearningRate { get; init; }

    /// <summary>Adam: decay of the first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Adam: decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Adam: added to the root of the second moment.</summary>
    public double Epsilon { get; init; } = 1e-6;

    /// <summary>Decay of the weights; biases and norms are left out.</summary>
    public double WeightDecayRate { get; init; }

    /// <summary>Adam: whether the moments' bias is corrected.</summary>
    public bool CorrectBias { get; init; }

    /// <summary>SGD: decay of the velocity.</summary>
    public double Momentum { get; init; }

    /// <summary>SGD: Nesterov's variant.</summary>
    public bool UseNesterov { get; init; }

    /// <summary>The global gradient norm above which gradients are scaled down; null for no limit.</summary>
    public double? MaxGradientNorm { get; init; }

    /// <summary>Micro-batches whose gradients make one step; divides the batch size.</summary>
    public int GradAccumSteps { get; init; } = 1;

    /// <summary>State tensors that the update rule keeps of each parameter.</summary>
    public int StatesPerParameter => StateNames.Length;

    /// <summary>PyTorch's names of these: "exp_avg", "exp_avg_sq"; "momentum_buffer"; or none.</summary>
    internal ImmutableArray<string> StateNames =>
        Kind is OptimizerKind.AdamW or OptimizerKind.Adam ? ["exp_avg", "exp_avg_sq"] : Momentum > 0 ? ["momentum_buffer"] : [];
}

/// <summary>The update rules.</summary>
public enum OptimizerKind
{
    /// <summary>Adam with decoupled weight decay.</summary>
    AdamW,

    /// <summary>Adam with L2 regularization.</summary>
    Adam,

    /// <summary>Stochastic gradient descent with momentum.</summary>
    Sgd,
}
