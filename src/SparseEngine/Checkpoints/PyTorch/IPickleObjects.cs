namespace SparseEngine.Checkpoints.PyTorch;

/// <summary>What the names in a pickle stand for. Nothing else is ever looked up or called.</summary>
internal interface IPickleObjects
{
    /// <summary>What a global name stands for.</summary>
    /// <exception cref="InvalidDataException">It is not on the list of those that are allowed.</exception>
    object Find(string module, string name);

    /// <summary>What a call of something that <see cref="Find"/> gave returns.</summary>
    /// <exception cref="InvalidDataException">It cannot be called, or not so.</exception>
    object Call(object? function, PickleTuple arguments);

    /// <summary>What an object outside of the pickle is: a storage.</summary>
    /// <exception cref="InvalidDataException">There is none of this name.</exception>
    object Load(PickleTuple name);
}
