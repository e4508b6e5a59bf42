using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.DataParallel;
using SparseEngine.Distributed;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;
using SparseEngine.Optimizers;
using SparseEngine.Runs;

namespace SparseEngine.Training;

/// <summary>What one step measured.</summary>
/// <param name="Loss">The scaled loss of the whole batch, of all ranks, before the update.</param>
/// <param name="GradientNorm">The global gradient norm before clipping.</param>
internal readonly record struct StepOutcome(double Loss, double GradientNorm);

/// <summary>One optimizer step: forward, loss and backward of each micro-batch, clipping, update.</summary>
/// <remarks>
/// The loss is scaled by the whole batch's tokens or sequences, not by the micro-batch's, so that the number of
/// micro-batches changes memory and rounding but not the step. Everything is allocated once. Nothing waits for
/// the device: what a step measured is read when it is wanted. Of several ranks each computes its share of the batch, and all make the same update
/// of the gradients' sum, for which they wait.
/// </remarks>
internal sealed class TrainingStep : IDisposable
{
    private readonly GptModel model;
    private readonly Optimizer optimizer;
    private readonly ComputeDevice device;
    private readonly GptWorkspace workspace;
    private readonly LanguageModelLoss loss;
    private readonly DeviceSum squaredNorm;
    private readonly UpdateScale scale;
    private readonly StepSums sums;
    private readonly GradientExchange? exchange;
    private readonly int batchSize;
    private readonly int firstSample;
    private readonly uint seed;
    private double lossScale;

    /// <summary>Allocates a step's activations.</summary>
    /// <param name="device">The device that holds the model.</param>
    /// <param name="model">The model, its parameters trainable.</param>
    /// <param name="optimizer">Updates its parameters.</param>
    /// <param name="batchSize">Sequences in a step, those of all ranks.</param>
    /// <param name="sequence">Tokens in a sequence.</param>
    /// <param name="seed">The run's seed, for dropout.</param>
    /// <param name="passTokens">Tokens that a pass may take; null for what suits the device.</param>
    /// <param name="ranks">Those who make the step together; null for this process alone.</param>
    /// <exception cref="ArgumentException">The batch does not divide into shares of grad_accum_steps micro-batches.</exception>
    public TrainingStep(
        ComputeDevice device, GptModel model, Optimizer optimizer, int batchSize, int sequence, int seed, int? passTokens = null,
        Communicator? ranks = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizer);
        ranks ??= Communicator.Alone;
        BatchShare share = new(ranks.Rank, ranks.Size);
        int samples = share.SizeOf(batchSize);
        int asked = optimizer.Settings.GradAccumSteps;
        if (samples % asked != 0)
        {
            throw new ArgumentException($"{samples} samples do not divide into {asked} micro-batches", nameof(batchSize));
        }

        MicroBatches = asked * PassesOf((passTokens ?? device.PassTokens) / sequence, samples / asked);
        this.device = device;
        this.model = model;
        this.optimizer = optimizer;
        this.batchSize = batchSize;
        this.seed = unchecked((uint)seed);
        firstSample = share.FirstOf(batchSize);
        int tokens = checked(samples / MicroBatches * sequence);
        workspace = new GptWorkspace(
            device, model.Shape, samples / MicroBatches, sequence, training: true, model.LogitTokens(tokens, gradients: true));
        loss = new LanguageModelLoss(device, model, tokens);
        squaredNorm = device.AllocateSum();
        scale = new UpdateScale(device);
        CommunicationTimes times = new(device);
        sums = new StepSums(ranks, times);
        exchange = ranks.IsAlone ? null : new GradientExchange(ranks, device, times);
    }

    /// <summary>
    /// Passes through the model that make this rank's share of a step: grad_accum_steps, or a multiple of it where passes of fewer tokens suit the
    /// device.
    /// </summary>
    public int MicroBatches { get; }

    /// <summary>Agrees with the other ranks on how the next step begins: what any of them is asked, all do.</summary>
    /// <param name="batch">This rank's share of the step's samples.</param>
    /// <param name="stop">Whether this rank is asked to stop.</param>
    /// <returns>The labels of the whole step that count, and whether all stop before it.</returns>
    public (long CountedLabels, bool IsStopped) Begin(Batch batch, CancellationToken stop) => sums.Begin(batch, stop);

    /// <summary>Makes one step.</summary>
    /// <param name="batch">This rank's share of the step's samples; a rank or a micro-batch may have no label that counts.</param>
    /// <param name="step">Steps done before this one: names the dropout masks.</param>
    /// <param name="learningRate">The rate of the update.</param>
    /// <param name="checkValues">
    /// Whether a loss or gradient that is not finite keeps this update and all later ones from the weights, until <see cref="Read"/> ends the run.
    /// </param>
    /// <param name="countedLabels">The labels of the whole step that count, one at least; null to <see cref="Begin"/> the step first.</param>
    public void Run(Batch batch, int step, double learningRate, bool checkValues, long? countedLabels = null)
    {
        AddGradients(batch, countedLabels ?? Begin(batch, CancellationToken.None).CountedLabels, step);
        ClipArguments limits = new((float)(optimizer.Settings.MaxGradientNorm ?? double.PositiveInfinity), checkValues, step + 1);
        device.ClipByGlobalNorm(limits, loss.Sum, squaredNorm, scale);
        optimizer.Step(learningRate, scale);
    }

    /// <summary>What the last step measured. Waits for it.</summary>
    /// <exception cref="TrainingException">The loss or the gradient of a step was not finite, and the step was to check that.</exception>
    public StepOutcome Read()
    {
        if (scale.ReadRefusal() is { } refused)
        {
            CheckFinite("loss", refused.Loss, refused.Step);
            CheckFinite("gradient norm", refused.SquaredNorm, refused.Step);
        }

        return new StepOutcome(loss.Sum.Read() * lossScale, Math.Sqrt(squaredNorm.Read()));
    }

    /// <summary>Computes loss and gradients of a batch and leaves the weights as they are.</summary>
    /// <param name="batch">This rank's share of the step's samples.</param>
    /// <param name="step">Steps done before this one.</param>
    public StepOutcome ComputeGradients(Batch batch, int step)
    {
        AddGradients(batch, Begin(batch, CancellationToken.None).CountedLabels, step);
        return Read();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        workspace.Dispose();
        loss.Dispose();
        squaredNorm.Dispose();
        scale.Dispose();
        exchange?.Dispose();
    }

    /// <summary>The number of equal passes of about so many sequences: of no more, unless that would leave each with half as many or fewer.</summary>
    private static int PassesOf(int wanted, int sequences)
    {
        int most = Math.Clamp(wanted, 1, sequences);
        int[] divisors = [.. Enumerable.Range(1, sequences).Where(size => sequences % size == 0)];
        int below = divisors.Last(size => size <= most);
        return sequences / (2 * below > most ? below : divisors.First(size => size > most));
    }

    private static void CheckFinite(string what, double value, int step)
    {
        if (!double.IsFinite(value))
        {
            string kind = double.IsNaN(value) ? "NaN" : "inf";
            throw new TrainingException(
                $"{kind} {what} detected at step {step}. Please try different hyperparameters such as the learning rate, batch size, etc.");
        }
    }

    private void AddGradients(Batch batch, long countedLabels, int step)
    {
        ArgumentNullException.ThrowIfNull(batch);
        foreach (Parameter parameter in model.Parameters)
        {
            parameter.ClearGradient();
        }

        loss.Reset();
        squaredNorm.Clear();
        lossScale = LossScale(countedLabels);
        for (int micro = 0; micro < MicroBatches; micro++)
        {
            int first = micro * workspace.Tokens;
            DropoutPass dropout = new(
                seed, (ulong)step, FirstToken: ((long)firstSample * workspace.Sequence) + first, Tokens: (long)batchSize * workspace.Sequence);
            workspace.InputIds.CopyFrom(batch.InputIds.AsSpan(first, workspace.Tokens));
            model.Forward(workspace, dropout);
            loss.Compute(
                workspace, batch.Labels.AsSpan(first, workspace.Tokens), batch.Mask.AsSpan(first, workspace.Tokens), (float)lossScale);
            model.Backward(workspace, dropout, micro == MicroBatches - 1 ? exchange?.SendComplete : null);
        }

        // A loss that is the same everywhere is accepted or refused everywhere.
        exchange?.Finish();
        sums.Add(loss.Sum);

        foreach (Parameter parameter in model.Parameters)
        {
            parameter.GatherGradient();
            device.AddSumOfSquares(parameter.Gradient, squaredNorm);
            parameter.ReleaseGathered();
        }
    }

    /// <summary>What the summed cross-entropy is multiplied by.</summary>
    private double LossScale(long countedLabels) =>
        model.Shape.LossScaling == LossScaling.BatchSize ? model.Shape.LossWeight / batchSize : 1.0 / countedLabels;
}
