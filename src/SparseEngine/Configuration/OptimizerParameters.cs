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

/// <summary>The learning rate: one or several schedulers.</summary>
/// <param name="Schedulers">In the file's order.</param>
/// <param name="Chained">False: one after another. True (main_scheduler: chained): all at once, their factors multiplied.</param>
public sealed record LearningRateParameters(ImmutableArray<SchedulerParameters> Schedulers, bool Chained);

/// <summary>One scheduler of the learning rate. Its formula is in <c>Training.LearningRateSchedule</c>.</summary>
/// <param name="Steps">How many steps it lasts when another follows, and the length of its decay; null where not given.</param>
public abstract record SchedulerParameters(int? Steps);

/// <summary>A constant rate.</summary>
public sealed record ConstantScheduler(double LearningRate, int? Steps) : SchedulerParameters(Steps);

/// <summary>Linear (power 1) or polynomial decay from one rate to another.</summary>
public sealed record PolynomialScheduler(double Initial, double End, int DecaySteps, double Power, bool Cycle) : SchedulerParameters(DecaySteps);

/// <summary>initial x rate^(t / decay steps), floored when staircase.</summary>
public sealed record ExponentialScheduler(double Initial, double DecayRate, int DecaySteps, bool Staircase, int? Length) : SchedulerParameters(Length);

/// <summary>initial x scale / sqrt(max(t, warm-up steps)).</summary>
public sealed record InverseSquareRootDecayScheduler(double Initial, double Scale, int WarmupSteps, int? Steps) : SchedulerParameters(Steps);

/// <summary>Half a cosine from one rate to another.</summary>
public sealed record CosineDecayScheduler(double Initial, double End, int DecaySteps) : SchedulerParameters(DecaySteps);

/// <summary>Values with boundaries between them: values[i] for boundaries[i - 1] &lt; t &lt;= boundaries[i].</summary>
public sealed record PiecewiseConstantScheduler(ImmutableArray<double> Values, ImmutableArray<int> Boundaries, int? Steps) : SchedulerParameters(Steps);
