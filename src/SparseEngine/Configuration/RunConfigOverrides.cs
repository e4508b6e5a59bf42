namespace SparseEngine.Configuration;

/// <summary>The command-line options of <c>run</c> that override runconfig.</summary>
public sealed record RunConfigOverrides
{
    /// <summary>--model_dir.</summary>
    public string? ModelDirectory { get; init; }

    /// <summary>--checkpoint_path.</summary>
    public string? CheckpointPath { get; init; }

    /// <summary>--is_pretrained_checkpoint.</summary>
    public bool? IsPretrainedCheckpoint { get; init; }

    /// <summary>--max_steps.</summary>
    public int? MaxSteps { get; init; }

    /// <summary>--num_steps.</summary>
    public int? NumSteps { get; init; }

    /// <summary>--num_epochs.</summary>
    public int? NumEpochs { get; init; }

    /// <summary>--time_budget.</summary>
    public TimeSpan? TimeBudget { get; init; }

    /// <summary>--budget_steps.</summary>
    public int? BudgetSteps { get; init; }

    /// <summary>--eval_steps.</summary>
    public int? EvalSteps { get; init; }

    /// <summary>--early_stop.</summary>
    public int? EarlyStop { get; init; }

    /// <summary>--num_csx.</summary>
    public int? NumCsx { get; init; }

    /// <summary>--logging.</summary>
    public string? Logging { get; init; }
}
