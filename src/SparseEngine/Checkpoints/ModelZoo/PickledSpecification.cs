using SparseEngine.Checkpoints.PyTorch;

namespace SparseEngine.Checkpoints.ModelZoo;

/// <summary>
/// The structure of a nested state as the Model Zoo keeps it: the <c>TreeSpec</c> of <c>torch.utils._pytree</c> that tree_flatten gives of it,
/// in Python's pickle protocol 3.
/// </summary>
/// <remarks>
/// It names two classes of PyTorch and three of Python, and sets the four fields that TreeSpec has had since it exists.
/// </remarks>
internal static class PickledSpecification
{
    private const byte Protocol = 3;
    private const string Module = "torch.utils._pytree";
    private const string Builtins = "builtins";

    /// <summary>The pickle.</summary>
    public static byte[] Write(StateTree tree)
    {
        using PickleWriter writer = new(Protocol);
        Write(writer, tree);
        return writer.Finish();
    }

    private static void Write(PickleWriter writer, StateTree tree)
    {
        // An object without a call of its constructor, and then its fields.
        writer.WriteGlobal(Module, tree is StateValue ? "LeafSpec" : "TreeSpec");
        writer.Write(PickleOpcode.EmptyTuple, PickleOpcode.NewObj, PickleOpcode.EmptyDict, PickleOpcode.Mark);
        writer.WriteText("type");
        switch (tree)
        {
            case StateDictionary dictionary:
                writer.WriteGlobal(Builtins, "dict");
                writer.WriteText("context");
                WriteList(writer, dictionary.Entries, entry => WriteKey(writer, entry.Key));
                break;
            case StateSequence sequence:
                writer.WriteGlobal(Builtins, sequence.IsTuple ? "tuple" : "list");
                writer.WriteText("context");
                writer.Write(PickleOpcode.None);
                break;
            default:
                writer.Write(PickleOpcode.None);
                writer.WriteText("context");
                writer.Write(PickleOpcode.None);
                break;
        }

        writer.WriteText("children_specs");
        WriteList(writer, tree.Parts, part => Write(writer, part.Part));
        writer.WriteText("num_leaves");
        writer.WriteInteger(tree.Leaves);
        writer.Write(PickleOpcode.SetItems, PickleOpcode.Build);
    }

    private static void WriteList<T>(PickleWriter writer, IEnumerable<T> items, Action<T> write)
    {
        writer.Write(PickleOpcode.EmptyList, PickleOpcode.Mark);
        foreach (T item in items)
        {
            write(item);
        }

        writer.Write(PickleOpcode.Appends);
    }

    private static void WriteKey(PickleWriter writer, object key)
    {
        if (key is int number)
        {
            writer.WriteInteger(number);
        }
        else
        {
            writer.WriteText((string)key);
        }
    }
}
