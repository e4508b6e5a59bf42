using System.Collections.Immutable;
using SparseEngine.Configuration.Sections;

namespace SparseEngine.Configuration;

/// <summary>A whole run: read and validated by <see cref="RunParametersReader"/>, or built in code and validated when the run is created.</summary>
public sealed record RunParameters
{
    /// <summary>
    /// The YAML file, as given: errors name it, and data are looked for from its folder after the working directory. A run built
    /// in code has none and keeps the default.
    /// </summary>
    public string File { get; init; } = nameof(RunParameters);

    /// <summary>What the file says, as it was read; empty where the run comes from no file.</summary>
    public string Text { get; init; } = "";

    /// <summary>Where training samples come from; null where the file has no train_input.</summary>
    public InputParameters? TrainInput { get; init; }

    /// <summary>Where validation samples come from; null where the file has no eval_input.</summary>
    public InputParameters? EvalInput { get; init; }

    /// <summary>
    /// What is evaluated after <see cref="EvalInput"/>, one after another: the further loaders of the trainer layout's val_dataloader.
    /// </summary>
    public ImmutableArray<InputParameters> FurtherEvalInputs { get; init; } = [];

    /// <summary>What the mode eval does; null for what the run says elsewhere.</summary>
    public EvaluationParameters? Validate { get; init; }

    /// <summary>What the mode eval_all does; null for what the run says elsewhere.</summary>
    public EvaluationParameters? ValidateAll { get; init; }

    /// <summary>The model.</summary>
    public required ModelParameters Model { get; init; }

    /// <summary>The weight sparsity; null trains dense.</summary>
    public SparsityParameters? Sparsity { get; init; }

    /// <summary>The optimizer; null where the file has none (then only evaluation is possible).</summary>
    public OptimizerParameters? Optimizer { get; init; }

    /// <summary>The runconfig section.</summary>
    public required RunConfig RunConfig { get; init; }

    /// <summary>The command line's options, which <see cref="RunConfig"/> has already.</summary>
    internal RunConfigOverrides Overrides { get; init; } = new();

    /// <summary>What the file calls its settings.</summary>
    internal KeyNames Keys { get; init; } = KeyNames.Sections;

    /// <summary>All that an evaluation goes through, in order.</summary>
    internal IEnumerable<InputParameters> EvalInputs => EvalInput is null ? FurtherEvalInputs : FurtherEvalInputs.Insert(0, EvalInput);
}
