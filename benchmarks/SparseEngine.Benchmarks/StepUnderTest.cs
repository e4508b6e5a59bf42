using SparseEngine.Accounting;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Distributed;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;
using SparseEngine.Optimizers;
using SparseEngine.Sparsity;
using SparseEngine.Training;

namespace SparseEngine.Benchmarks;

/// <summary>The size of a model and of a step's batch.</summary>
/// <param name="Hidden">Features of a token.</param>
/// <param name="Filter">Features inside the feed-forward network.</param>
/// <param name="Heads">Attention heads.</param>
/// <param name="Batch">Sequences in a batch.</param>
/// <param name="Sequence">Tokens in a sequence.</param>
internal sealed record StepSize(int Hidden, int Filter, int Heads, int Batch, int Sequence)
{
    /// <summary>The sizes that the documentation speaks of.</summary>
    public static StepSize[] All { get; } =
        [new(512, 2048, 8, 8, 256), new(768, 3072, 12, 4, 256), new(256, 1024, 8, 16, 128)];

    /// <summary>GPT-2 small, whose head is as large as half of its decoder.</summary>
    public static StepSize Gpt2Small { get; } = new(768, 3072, 12, 2, 1024) { Layers = 12, Vocabulary = 50257 };

    /// <summary>A model that docs/better.md trains, by its width.</summary>
    public static StepSize OfStudy(int hidden) => new(hidden, 4 * hidden, hidden / 32, 8, 128);

    /// <summary>GPT-3 XL with its batch of a million tokens (T. Brown et al., 2020, table 2.1; heads as the Model Zoo corrects them).</summary>
    public static StepSize Gpt3Xl { get; } = new(2048, 8192, 16, 512, 2048) { Layers = 24, Vocabulary = 50257 };

    /// <summary>Decoder layers.</summary>
    public int Layers { get; init; } = 4;

    /// <summary>Tokens that there are: bytes, unless said otherwise.</summary>
    public int Vocabulary { get; init; } = 256;

    /// <summary>Rows that share their zeros.</summary>
    public int BlockRows { get; init; } = 1;

    /// <summary>Tokens in a step.</summary>
    public int Tokens => Batch * Sequence;

    /// <summary>What it has that GPT-2 has not.</summary>
    public Func<ModelParameters, ModelParameters> Change { get; init; } = gpt2 => gpt2;

    /// <summary>The model.</summary>
    public ModelParameters Model => Change(new ModelParameters
    {
        VocabularySize = Vocabulary,
        HiddenSize = Hidden,
        Layers = Layers,
        Heads = Heads,
        FilterSize = Filter,
        MaxPositionEmbeddings = Sequence,
    });

    /// <summary>Random zeros in every weight of the decoder; none, and no sparsity section, for 0.</summary>
    /// <param name="zeros">The share of zeros, in percent.</param>
    /// <param name="dynamic">How masks move; null where they do not.</param>
    public SparsityPlan Plan(int zeros, DynamicSparsity? dynamic = null) => zeros == 0 ? SparsityPlan.Dense : SparsityPlan.Create(
        new SparsityParameters
        {
            Selection = SparsitySelection.Default,
            Groups = [new SparsityGroup(null, zeros / 100.0, SparsityMethod.Random, 1234, "") { Dynamic = dynamic, BlockRows = BlockRows }],
        },
        GptArchitecture.Parameters(Model));

    /// <summary>Floating-point operations of a step.</summary>
    public FlopCount Flops(int zeros) => FlopCount.OfTrainingStep(Model, Plan(zeros), Batch, Sequence);

    /// <summary>Elements of all parameters that are stored.</summary>
    public long Stored(int zeros) => ModelStorage.Of(Model, Plan(zeros), optimizer: null).Parameters.Stored;

    /// <inheritdoc/>
    public override string ToString() => $"{(this == Gpt2Small ? "GPT-2 small" : $"hidden {Hidden}")}, batch {Batch} x {Sequence}";
}

/// <summary>A model of some size with its optimizer and a batch of random tokens, ready for steps.</summary>
internal sealed class StepUnderTest : IDisposable
{
    private readonly ParameterSet parameters;
    private readonly Optimizer optimizer;
    private readonly TrainingStep step;
    private readonly MovingMasks masks;
    private readonly Batch batch;
    private int done;

    /// <summary>Builds it on a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="size">The model and batch.</param>
    /// <param name="zeros">The share of zeros in the decoder's weights, in percent; 0 is a run without a sparsity section.</param>
    /// <param name="passTokens">Tokens that a pass may take; null for what suits the device.</param>
    /// <param name="dynamic">How masks move; null where they do not.</param>
    /// <param name="ranks">Those who share the batch; null for this process alone.</param>
    public StepUnderTest(
        ComputeDevice device, StepSize size, int zeros, int? passTokens = null, DynamicSparsity? dynamic = null, Communicator? ranks = null)
    {
        SparsityPlan plan = size.Plan(zeros, dynamic);
        PlannedMasks planned = new(device, plan);
        parameters = ParameterSet.Build(
            device, GptArchitecture.Parameters(size.Model), new InitialWeights(seed: 1), planned, trainable: true);
        masks = new MovingMasks(device, plan, parameters, planned.Lived);
        optimizer = Optimizer.Create(
            new OptimizerParameters
            {
                Kind = OptimizerKind.AdamW,
                LearningRate = new LearningRateParameters([new ConstantScheduler(1e-4, null)], false),
                MaxGradientNorm = 1,
            },
            device, parameters);
        step = new TrainingStep(
            device, new GptModel(device, size.Model, parameters), optimizer, size.Batch, size.Sequence, seed: 1, passTokens, ranks);
        batch = new Batch(size.Batch / (ranks?.Size ?? 1), size.Sequence);
        Random random = new(1 + (ranks?.Rank ?? 0));
        for (int i = 0; i < batch.InputIds.Length; i++)
        {
            batch.InputIds[i] = random.Next(size.Model.VocabularySize);
            batch.Labels[i] = random.Next(size.Model.VocabularySize);
            batch.Mask[i] = 1;
        }
    }

    /// <summary>Queues a step, without the update of masks that may be due after it.</summary>
    public void Run()
    {
        masks.Prepare(done + 1);
        step.Run(batch, done++, learningRate: 1e-4, checkValues: true);
    }

    /// <summary>Takes a step, and waits until it is done.</summary>
    public void RunToEnd()
    {
        Run();
        Read();
    }

    /// <summary>Changes the masks that are due.</summary>
    /// <returns>Whether any were.</returns>
    public bool UpdateMasks()
    {
        bool isDue = masks.ChangeAfter(done);
        if (isDue)
        {
            masks.Update(done);
        }

        return isDue;
    }

    /// <summary>The last step's loss, once it is done.</summary>
    public double Read() => step.Read().Loss;

    /// <inheritdoc/>
    public void Dispose()
    {
        step.Dispose();
        parameters.Dispose();
    }
}
