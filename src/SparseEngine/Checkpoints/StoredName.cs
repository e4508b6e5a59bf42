namespace SparseEngine.Checkpoints;

/// <summary>The names of tensors in files, without what wrappers of PyTorch put around a model's own.</summary>
internal static class StoredName
{
    // torch.compile names a wrapped module so, at the start or inside; nothing else is called that.
    private const string Compiled = "_orig_mod.";

    // DistributedDataParallel and DataParallel, whose word others use inside their names too.
    private const string Parallel = "module.";

    // The Model Zoo's state dictionaries wrap the model once more.
    private const string Zoo = "model.";

    /// <summary>The name that a parameter, or the optimizer's state of one, has without wrappers.</summary>
    public static string WithoutWrappers(string storedName) => OptimizerStateName.ParameterOf(storedName) is { } parameter
        ? OptimizerStateName.Of(Unwrap(parameter), storedName[(storedName.LastIndexOf('.') + 1)..])
        : Unwrap(storedName);

    private static string Unwrap(string storedName)
    {
        string name = storedName.StartsWith(Compiled, StringComparison.Ordinal) || storedName.Contains($".{Compiled}", StringComparison.Ordinal)
            ? WithoutCompiled(storedName)
            : storedName;
        while (true)
        {
            string inner = name.StartsWith(Parallel, StringComparison.Ordinal) ? name[Parallel.Length..]
                : name.StartsWith(Zoo + Parallel, StringComparison.Ordinal) ? Zoo + name[(Zoo.Length + Parallel.Length)..]
                : name.StartsWith(Zoo + Zoo, StringComparison.Ordinal) ? name[Zoo.Length..]
                : name;
            if (inner == name || inner.Length == 0)
            {
                return name;
            }

            name = inner;
        }
    }

    private static string WithoutCompiled(string name)
    {
        string[] parts = [.. name.Split('.').Where(part => part != Compiled[..^1])];
        return parts.All(part => part.Length == 0) ? name : string.Join('.', parts);
    }
}
