namespace SparseEngine.Data.Preparation;

/// <summary>How far a preparation is.</summary>
/// <param name="Stage">What is being done.</param>
/// <param name="BytesRead">Bytes of the input files read in this stage, compressed where they are.</param>
/// <param name="TotalBytes">All their bytes.</param>
/// <param name="Documents">Documents so far.</param>
/// <param name="Tokens">Tokens so far.</param>
public readonly record struct PreparationProgress(PreparationStage Stage, long BytesRead, long TotalBytes, long Documents, long Tokens);

/// <summary>The passes over the input.</summary>
public enum PreparationStage
{
    /// <summary>Finding the characters of the vocabulary, and the length of a text that is to be divided.</summary>
    Surveying,

    /// <summary>Writing the samples.</summary>
    Tokenizing,
}
