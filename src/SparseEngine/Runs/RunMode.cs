namespace SparseEngine.Runs;

/// <summary>What a run does.</summary>
public enum RunMode
{
    /// <summary>Train.</summary>
    Train,

    /// <summary>Evaluate one checkpoint.</summary>
    Eval,

    /// <summary>Train, evaluating every eval_frequency steps and at the end.</summary>
    TrainAndEval,

    /// <summary>Evaluate every checkpoint of the model directory.</summary>
    EvalAll,
}
