using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Optimizers;

namespace SparseEngine.Checkpoints.ModelZoo;

/// <summary>The nested state that a run of Model Zoo 1.8 saves, of a model and an optimizer.</summary>
/// <remarks>
/// modelzoo/common/pytorch of Release_1.8.0: PyTorchBaseModel.get_state, optim/AdamBase.py, optim/SGD.py, optim/lr_scheduler.py, utils.py.
/// </remarks>
internal static class ZooState
{
    // The version of keys that begin with the model's own "model.".
    private const double StateVersion = 0.2;

    /// <summary>The whole state.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">The optimizer section; null leaves optimizer and learning rate out.</param>
    /// <param name="step">Steps done; null leaves them out.</param>
    /// <param name="updates">Updates that the optimizer's state has seen.</param>
    /// <param name="tensor">Gives a tensor by its name here.</param>
    public static StateTree Of(ModelParameters model, OptimizerParameters? optimizer, int? step, int updates, Func<string, TensorWriter> tensor)
    {
        ImmutableArray<ParameterDefinition> parameters = GptArchitecture.Parameters(model);
        List<(object Key, StateTree Part)> parts =
        [
            ("model", Weights(parameters, model.ShareEmbeddingWeights, tensor)),
            ("state_version", StateTree.Value(StateVersion)),
        ];
        if (optimizer is not null)
        {
            parts.Add(("optimizer", Optimizer(parameters, optimizer, step ?? 0, updates, tensor)));
            parts.Add(("lr_scheduler", Schedulers(optimizer.LearningRate, step ?? 0)));
        }

        if (step is { } done)
        {
            parts.Add((CheckpointLayout.Step, StateTree.Value((long)done)));
        }

        return StateTree.Dictionary(parts);
    }

    /// <summary>The model's state: its loader asks for the second names of a tied head and of the last normalization too.</summary>
    private static StateTree Weights(ImmutableArray<ParameterDefinition> parameters, bool tiedHead, Func<string, TensorWriter> tensor)
    {
        Dictionary<string, StateTree> values = parameters.ToDictionary(
            parameter => parameter.Name, parameter => StateTree.Value(tensor(parameter.Name)), StringComparer.Ordinal);
        List<(object Key, StateTree Part)> parts = [.. parameters.Select(parameter => ((object)parameter.Name, values[parameter.Name]))];
        parts.AddRange(parameters
            .Where(parameter => parameter.Name.StartsWith($"{GptArchitecture.FinalNorm}.", StringComparison.Ordinal))
            .Select(norm => ((object)$"{ZooFile.TiedNorm}{norm.Name[(GptArchitecture.FinalNorm.Length + 1)..]}", values[norm.Name])));

        if (tiedHead)
        {
            parts.Add(($"{GptArchitecture.Head}.weight", values[GptArchitecture.WordEmbeddings]));
        }

        return StateTree.Dictionary(parts);
    }

    private static StateTree Optimizer(
        ImmutableArray<ParameterDefinition> parameters, OptimizerParameters optimizer, int step, int updates, Func<string, TensorWriter> tensor)
    {
        (ImmutableArray<string> decaying, ImmutableArray<string> others) =
            OptimizerNumbers.OfZoo18([.. parameters.Select(parameter => parameter.Name)]);
        IEnumerable<(object, StateTree)> states = decaying.AddRange(others)
            .Select((name, number) => ((object)number, States(optimizer, updates, state => tensor(OptimizerStateName.Of(name, state)))))
            .Where(state => state.Item2.Leaves > 0);
        float rate = (float)new LearningRateSchedule(optimizer.LearningRate).At(step);
        return StateTree.Dictionary(
            ("state", StateTree.Dictionary(states)),
            ("param_groups", StateTree.List(
                Group(optimizer, rate, (float)optimizer.WeightDecayRate, first: 0, decaying.Length),
                Group(optimizer, rate, 0, decaying.Length, others.Length))));
    }

    private static StateTree States(OptimizerParameters optimizer, int updates, Func<string, TensorWriter> tensor)
    {
        List<(object Key, StateTree Part)> parts = [.. optimizer.StateNames.Select(name => ((object)name, StateTree.Value(tensor(name))))];
        if (optimizer.Kind == OptimizerKind.Sgd)
        {
            return StateTree.Dictionary(parts);
        }

        if (optimizer.CorrectBias || optimizer.Kind == OptimizerKind.Adam)
        {
            // What the next update divides by.
            parts.Add(("beta1_power", StateTree.Value((float)Math.Pow(optimizer.Beta1, updates + 1))));
            parts.Add(("beta2_power", StateTree.Value((float)Math.Pow(optimizer.Beta2, updates + 1))));
        }

        parts.Add(("step", StateTree.Value((long)updates)));
        return StateTree.Dictionary(parts);
    }

    /// <summary>A parameter group: its settings take the place of those of the run that loads them.</summary>
    private static StateTree Group(OptimizerParameters optimizer, float rate, float decay, int first, int count)
    {
        StateTree parameters = StateTree.List(Enumerable.Range(first, count).Select(number => StateTree.Value((long)number)));
        StateTree betas = StateTree.Tuple(StateTree.Value((float)optimizer.Beta1), StateTree.Value((float)optimizer.Beta2));
        return optimizer.Kind == OptimizerKind.Sgd
            ? StateTree.Dictionary(
                ("lr", StateTree.Value(rate)), ("momentum", StateTree.Value((float)optimizer.Momentum)), ("dampening", StateTree.Value(0)),
                ("weight_decay", StateTree.Value(decay)), ("nesterov", StateTree.Value(optimizer.UseNesterov ? 1 : 0)),
                ("maximize", StateTree.Value(0)), ("params", parameters))

            // Adam takes its regularization for weight_decay when it loads; AdamW sets l2_regularization_rate itself.
            : StateTree.Dictionary(
                ("lr", StateTree.Value(rate)), ("betas", betas), ("eps", StateTree.Value((float)optimizer.Epsilon)),
                ("weight_decay", StateTree.Value(decay)), ("l2_regularization_rate", StateTree.Value(0f)),
                ("correct_bias", StateTree.Value(optimizer.CorrectBias ? 1 : 0)), ("amsgrad", StateTree.Value(0)), ("params", parameters));
    }

    private static StateTree Schedulers(LearningRateParameters rates, int step)
    {
        ImmutableArray<int?> lengths = rates.Schedulers is [PiecewiseConstantScheduler piecewise]
            ? [.. piecewise.Boundaries.Select((boundary, index) => (int?)(boundary - (index == 0 ? 0 : piecewise.Boundaries[index - 1]))), null]
            : [.. rates.Schedulers.Select(scheduler => scheduler.Steps)];
        if (lengths.Length == 1)
        {
            return Scheduler(step);
        }

        List<StateTree> schedulers = [];
        int start = 0;
        foreach (int? length in lengths)
        {
            // One that has not begun stands at 0, one that is over at its end.
            schedulers.Add(Scheduler(rates.Chained ? step : Math.Clamp(step - start, 0, length ?? int.MaxValue)));
            start = checked(start + (length ?? 0));
        }

        return StateTree.Dictionary(("last_epoch", StateTree.Value((long)step)), ("_schedulers", StateTree.List(schedulers)));
    }

    private static StateTree Scheduler(int position) => StateTree.Dictionary(
        ("last_epoch", StateTree.Value((long)position)),
        ("_step_count", StateTree.Value(position + 1L)),

        // A function for each group, none of which PyTorch saves.
        ("lr_lambdas", StateTree.List(StateTree.Value(null), StateTree.Value(null))));
}
