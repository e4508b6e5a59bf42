using SparseEngine.Configuration;
using static System.FormattableString;

namespace SparseEngine.Benchmarks.LearningRates;

/// <summary>What a model takes over from the base model: one of <see cref="SweepSettings.BaseHidden"/> features, dense.</summary>
internal enum Parametrization
{
    /// <summary>The learning rate and the deviation of initial weights, whatever its width and density.</summary>
    Standard,

    /// <summary>Both follow the width.</summary>
    Mup,

    /// <summary>Both follow width and density.</summary>
    SparseMup,
}

/// <summary>One training run of the sweep.</summary>
/// <param name="Parametrization">What is taken over from the base model.</param>
/// <param name="Hidden">hidden_size; filter_size is four times that.</param>
/// <param name="Zeros">Zeros in each weight of the decoder, in percent.</param>
/// <param name="Exponent">The highest learning rate, as a power of 2.</param>
/// <param name="Seed">The seed of weights, masks and the order of samples.</param>
internal sealed record Trial(Parametrization Parametrization, int Hidden, int Zeros, int Exponent, int Seed)
{
    private const int HeadSize = 32;

    // A tenth of the steps.
    private const int WarmUpShare = 10;

    /// <summary>The highest learning rate.</summary>
    public double Rate => Math.ScaleB(1, Exponent);

    /// <inheritdoc/>
    public override string ToString() => Invariant($"{Parametrization}, hidden {Hidden}, {Zeros}% zeros, rate 2^{Exponent}, seed {Seed}");

    /// <summary>The run.</summary>
    /// <param name="settings">What all trials share.</param>
    /// <param name="folder">Its model directory.</param>
    public RunParameters ToRun(SweepSettings settings, string folder)
    {
        InputParameters text = new()
        {
            DataProcessor = DataProcessor.Text, DataDirectories = [settings.Data], BatchSize = settings.Batch,
            MaxSequenceLength = settings.Sequence,
        };
        int warmUp = Math.Max(1, settings.Steps / WarmUpShare);
        return new RunParameters
        {
            TrainInput = text with { Shuffle = true, ShuffleSeed = Seed },
            EvalInput = text,
            Model = ModelOf(settings),
            Sparsity = Zeros == 0 ? null : Sparsity,
            Optimizer = new OptimizerParameters
            {
                Kind = OptimizerKind.AdamW, Beta2 = 0.98, Epsilon = 1e-8, CorrectBias = true, MaxGradientNorm = 1,
                LearningRate = new LearningRateParameters(
                [
                    new PolynomialScheduler(0, Rate, warmUp),
                    new CosineDecayScheduler(Rate, Rate / 10, Math.Max(1, settings.Steps - warmUp)),
                ]),
            },
            RunConfig = new RunConfig
            {
                ModelDirectory = folder, MaxSteps = settings.Steps, EvalSteps = settings.EvaluationSteps, LogSteps = settings.Steps, Seed = Seed,
            },
        };
    }

    private SparsityParameters Sparsity => new()
    {
        Selection = SparsitySelection.Default,
        Groups =
        [
            new SparsityGroup(null, Zeros / 100.0, SparsityMethod.Random, Seed, "sparsity")
            {
                MupBaseDensity = Parametrization == Parametrization.SparseMup ? 1 : null,
            },
        ],
    };

    private ModelParameters ModelOf(SweepSettings settings)
    {
        ModelParameters model = new()
        {
            VocabularySize = 256, HiddenSize = Hidden, Layers = settings.Layers, Heads = Math.Max(1, Hidden / HeadSize), FilterSize = 4 * Hidden,
            MaxPositionEmbeddings = settings.Sequence, InitializerRange = 0.05,
        };

        // Heads are equally large in all of them, so that muP's scores over the head size are those of the standard ones.
        return Parametrization == Parametrization.Standard ? model : model with
        {
            MupBaseHiddenSize = settings.BaseHidden, MupBaseFilterSize = 4 * settings.BaseHidden,
            ScaleAttentionByHeadSize = true, AttentionLogitsAlpha = Math.Sqrt(model.HeadSize),
        };
    }
}
