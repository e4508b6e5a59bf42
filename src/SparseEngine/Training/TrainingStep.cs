using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;

namespace SparseEngine.Training;

/// <summary>What one step measured.</summary>
/// <param name="Loss">The scaled loss of the whole batch, before the update.</param>
/// <param name="GradientNorm">The global gradient norm before clipping.</param>
public readonly record struct StepOutcome(double Loss, double GradientNorm);

/// <summary>One optimizer step: forward, loss and backward of each micro-batch, clipping, update.</summary>
/// <remarks>
/// The loss is scaled by the whole batch's tokens or sequences, not by the micro-batch's, so that
/// grad_accum_steps changes memory and rounding but not the step. Everything is allocated once.
/// </remarks>
public sealed class TrainingStep : IDisposable
{
    private readonly GptModel model;
    private readonly Optimizer optimizer;
    private readonly ComputeDevice device;
    private readonly GptWorkspace workspace;
    private readonly LanguageModelLoss loss;
    private readonly int microBatches;
    private readonly uint seed;

    /// <summary>Allocates a step's activations.</summary>
    /// <param name="device">The device that holds the model.</param>
    /// <param name="model">The model, its parameters trainable.</param>
    /// <param name="optimizer">Updates its parameters.</param>
    /// <param name="batchSize">Sequences in a step.</param>
    /// <param name="sequence">Tokens in a sequence.</param>
    /// <param name="seed">The run's seed, for dropout.</param>
    /// <exception cref="ArgumentException">The batch does not divide into grad_accum_steps micro-batches.</exception>
    public TrainingStep(ComputeDevice device, GptModel model, Optimizer optimizer, int batchSize, int sequence, int seed)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizer);
        microBatches = optimizer.Settings.GradAccumSteps;
        if (batchSize % microBatches != 0)
        {
            throw new ArgumentException($"a batch of {batchSize} does not divide into {microBatches} micro-batches", nameof(batchSize));
        }

        this.device = device;
        this.model = model;
        this.optimizer = optimizer;
        this.seed = unchecked((uint)seed);
        workspace = new GptWorkspace(device, model.Shape, batchSize / microBatches, sequence, training: true);
        loss = new LanguageModelLoss(device, model.Shape.VocabularySize, workspace.Tokens);
    }

    /// <summary>Makes one step.</summary>
    /// <param name="batch">The whole step's samples.</param>
    /// <param name="step">Steps done before this one: names the dropout masks.</param>
    /// <param name="learningRate">The rate of the update.</param>
    /// <param name="checkValues">Whether a loss or gradient that is not finite ends the run, before it reaches the weights.</param>
    /// <exception cref="TrainingException">The loss or the gradient is NaN or infinite and <paramref name="checkValues"/> is set.</exception>
    public StepOutcome Run(Batch batch, int step, double learningRate, bool checkValues)
    {
        ArgumentNullException.ThrowIfNull(batch);
        StepOutcome outcome = ComputeGradients(batch, step);
        if (checkValues)
        {
            CheckFinite("loss", outcome.Loss, step);
            CheckFinite("gradient norm", outcome.GradientNorm, step);
        }

        double scale = outcome.GradientNorm > optimizer.Settings.MaxGradientNorm
            ? optimizer.Settings.MaxGradientNorm.Value / (outcome.GradientNorm + 1e-6)
            : 1;
        optimizer.Step(learningRate, scale);
        return outcome;
    }

    /// <summary>Computes loss and gradients of a batch and leaves the weights as they are.</summary>
    /// <param name="batch">The whole step's samples.</param>
    /// <param name="step">Steps done before this one.</param>
    public StepOutcome ComputeGradients(Batch batch, int step)
    {
        ArgumentNullException.ThrowIfNull(batch);
        foreach (Parameter parameter in model.Parameters)
        {
            parameter.Gradient.Clear();
        }

        double scale = LossScale(batch);
        double sum = 0;
        for (int micro = 0; micro < microBatches; micro++)
        {
            int first = micro * workspace.Tokens;
            DropoutPass dropout = new(seed, ((ulong)step * (ulong)microBatches) + (ulong)micro);
            workspace.InputIds.CopyFrom(batch.InputIds.AsSpan(first, workspace.Tokens));
            model.Forward(workspace, dropout);
            sum += loss.Compute(
                model, workspace, batch.Labels.AsSpan(first, workspace.Tokens), batch.Mask.AsSpan(first, workspace.Tokens), (float)scale).Loss;
            model.Backward(workspace, loss.Logits, dropout);
        }

        return new StepOutcome(sum * scale, GradientNorm());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        workspace.Dispose();
        loss.Dispose();
    }

    private static void CheckFinite(string what, double value, int step)
    {
        if (!double.IsFinite(value))
        {
            string kind = double.IsNaN(value) ? "NaN" : "inf";
            throw new TrainingException(
                $"{kind} {what} detected at step {step + 1}. Please try different hyperparameters such as the learning rate, batch size, etc.");
        }
    }

    /// <summary>What the summed cross-entropy is multiplied by.</summary>
    private double LossScale(Batch batch)
    {
        if (model.Shape.LossScaling == LossScaling.BatchSize)
        {
            return model.Shape.LossWeight / (workspace.Batch * microBatches);
        }

        long counted = 0;
        foreach (int mask in batch.Mask)
        {
            counted += mask;
        }

        return 1.0 / counted;
    }

    private double GradientNorm()
    {
        double sum = 0;
        foreach (Parameter parameter in model.Parameters)
        {
            sum += device.SumOfSquares(parameter.Gradient);
        }

        return Math.Sqrt(sum);
    }
}
