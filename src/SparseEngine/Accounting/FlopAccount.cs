using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Runs;
using SparseEngine.Sparsity;

namespace SparseEngine.Accounting;

/// <summary>What a model costs, known from its configuration alone: operations part by part, parameters and bytes.</summary>
public sealed record FlopAccount
{
    private FlopAccount(RunParameters run, SparsityPlan plan, AttentionCounting attention)
    {
        InputParameters? input = run.TrainInput ?? run.EvalInput;
        Run = run;
        Batch = run.TrainInput?.BatchSize;
        Steps = run is { TrainInput: not null, Optimizer: not null } ? RunLength.KnownSteps(run.RunConfig) : null;
        Plan = plan.After(Steps ?? 0);
        Attention = attention;
        Sequence = input?.MaxSequenceLength ?? run.Model.MaxPositionEmbeddings;
        Layers = LayerFlops.OfForwardPass(run.Model, Plan, batch: 1, Sequence, attention);
        Storage = ModelStorage.Of(run.Model, Plan, run.Optimizer);
        if (Steps is { } steps && Batch is { } batch)
        {
            StepFlops flops = new(run.Model, plan, batch, Sequence, attention);
            RunTraining = flops.Until(steps);
            DenseGradients = flops.DenseGradientsUntil(steps);
        }
    }

    /// <summary>The configuration.</summary>
    public RunParameters Run { get; }

    /// <summary>
    /// Its sparse weights: where their number of non-zeros changes, those of the run's end, or of its start where its end is not known.
    /// </summary>
    public SparsityPlan Plan { get; }

    /// <summary>Which query-key pairs count.</summary>
    public AttentionCounting Attention { get; }

    /// <summary>Tokens in a sequence: max_sequence_length of train_input, else of eval_input, else max_position_embeddings.</summary>
    public int Sequence { get; }

    /// <summary>The parts of one sequence's forward pass, as <see cref="LayerFlops.OfForwardPass"/> orders them.</summary>
    public ImmutableArray<LayerFlops> Layers { get; }

    /// <summary>Parameters and bytes.</summary>
    public ModelStorage Storage { get; }

    /// <summary>Sequences in a training step; null without train_input.</summary>
    public int? Batch { get; }

    /// <summary>Steps of the run from its beginning; null where it does not train, or where only its data would tell.</summary>
    public int? Steps { get; }

    /// <summary>Tokens that the run trains on: steps x batch x sequence.</summary>
    public double? Tokens => (double?)Steps * Batch * Sequence;

    /// <summary>One sequence's forward pass.</summary>
    public FlopCount Forward => FlopCount.SumOf(Layers);

    /// <summary>One sequence's backward pass: each product has two gradients of its own size.</summary>
    public FlopCount Backward => Forward.Times(2);

    /// <summary>Training on one sequence.</summary>
    public FlopCount Training => Forward.Times(3);

    /// <summary>Training on all of the run's tokens, each step at its own level, with what updates of masks take.</summary>
    public FlopCount? RunTraining { get; }

    /// <summary>What of <see cref="RunTraining"/> are dense gradients, which updates of masks by gradients need; 0 without.</summary>
    public double DenseGradients { get; }

    /// <summary>Training on one sequence, on average over the run.</summary>
    public FlopCount? AverageTraining => RunTraining is { } run && Tokens is { } tokens ? run.Times(Sequence / tokens) : null;

    /// <summary>One sequence's forward pass through the layers of one kind.</summary>
    public FlopCount ForwardOf(LayerPart part) => FlopCount.SumOf(Layers.Where(layer => layer.Part == part));

    /// <summary>Counts without touching data, weights or the disk.</summary>
    /// <param name="run">The configuration.</param>
    /// <param name="attention">Which query-key pairs count.</param>
    public static FlopAccount Of(RunParameters run, AttentionCounting attention)
    {
        ArgumentNullException.ThrowIfNull(run);
        return new FlopAccount(run, SparsityPlan.Create(run.Sparsity, GptArchitecture.Parameters(run.Model)), attention);
    }
}
