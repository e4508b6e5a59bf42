namespace SparseEngine.Runs;

/// <summary>A text that the model has continued during training.</summary>
/// <param name="Step">Optimizer steps done.</param>
/// <param name="Prompt">The text it was given.</param>
/// <param name="Text">What it added; bytes that are no UTF-8 are U+FFFD.</param>
public sealed record TextSample(int Step, string Prompt, string Text);
