namespace SparseEngine.Runs;

/// <summary>Follows a run as it goes. Calls come from the run's thread; what an observer does not implement is passed over.</summary>
public interface IRunObserver
{
    /// <summary>The model is built and data are open; nothing has been computed yet.</summary>
    void OnStarted(RunOverview overview)
    {
    }

    /// <summary>
    /// One optimizer step is done, or several where the device is asynchronous: then it comes for steps that are logged, saved or evaluated.
    /// </summary>
    void OnStep(StepMetrics step)
    {
    }

    /// <summary>Masks have changed.</summary>
    void OnMaskUpdate(MaskUpdateMetrics update)
    {
    }

    /// <summary>One evaluation batch is done.</summary>
    void OnEvaluationProgress(int batch, int batches)
    {
    }

    /// <summary>One evaluation is done.</summary>
    void OnEvaluated(EvaluationMetrics evaluation)
    {
    }

    /// <summary>The model has continued the text that it is to continue at each evaluation.</summary>
    void OnSample(TextSample sample)
    {
    }

    /// <summary>A checkpoint is on disk.</summary>
    void OnCheckpoint(string path, int step)
    {
    }
}
