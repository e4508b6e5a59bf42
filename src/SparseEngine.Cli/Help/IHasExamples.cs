namespace SparseEngine.Cli.Help;

/// <summary>A command whose help ends with examples.</summary>
internal interface IHasExamples
{
    /// <summary>One to three, the commonest first.</summary>
    IReadOnlyList<Example> Examples { get; }
}
