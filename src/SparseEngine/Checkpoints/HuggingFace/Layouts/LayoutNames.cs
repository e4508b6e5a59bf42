namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>What a layout is called, and what it calls the tensors that every model has.</summary>
/// <param name="ModelType">Its <c>model_type</c>.</param>
/// <param name="Family">What people call it.</param>
/// <param name="Architecture">The class of transformers that its files are loaded as.</param>
/// <param name="Prefix">What stands before the names of the model without its head, in a file that has the head too.</param>
/// <param name="WordEmbeddings">The token table, without prefix.</param>
/// <param name="Head">The output head, which never has the prefix, and which a tied model does without.</param>
/// <param name="FirstToken">The default of <c>bos_token_id</c>.</param>
/// <param name="LastToken">The default of <c>eos_token_id</c>.</param>
internal sealed record LayoutNames(
    string ModelType, string Family, string Architecture, string Prefix, string WordEmbeddings, string Head, int FirstToken, int LastToken);
