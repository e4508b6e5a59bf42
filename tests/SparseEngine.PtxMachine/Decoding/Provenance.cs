using SparseEngine.PtxMachine.Execution;
using SparseEngine.PtxMachine.Instructions;
using SparseEngine.PtxMachine.Syntax;

namespace SparseEngine.PtxMachine.Decoding;

/// <summary>
/// Which arguments each address in global memory is computed from, so that an access that runs over the end of one argument's memory is none of
/// another's. A register has the arguments of all that it was computed from, on all ways that lead there.
/// </summary>
internal sealed class Provenance
{
    private readonly IReadOnlyList<List<InstructionStatement>> parts;
    private readonly Dictionary<string, ulong>[] entries;

    private Provenance(IReadOnlyList<List<InstructionStatement>> parts)
    {
        this.parts = parts;
        entries = [.. parts.Select(_ => new Dictionary<string, ulong>())];
    }

    /// <summary>Tells each access to global memory its arguments.</summary>
    public static void Set(IReadOnlyList<List<InstructionStatement>> parts, Block[] blocks)
    {
        Provenance provenance = new(parts);
        provenance.Follow(blocks);
        foreach (Block block in blocks)
        {
            Dictionary<string, ulong> state = new(provenance.entries[block.Index]);
            Dictionary<int, ulong> addresses = [];
            foreach (InstructionStatement statement in parts[block.Index])
            {
                addresses[statement.Line] =
                    statement.Operands.OfType<AddressOperand>().Aggregate(0ul, (all, address) => all | Of(state, address.Base));
                Step(state, statement);
            }

            foreach (GlobalAccess access in block.Body.Select(Inner).OfType<GlobalAccess>())
            {
                access.Arguments = addresses[access.Line];
            }
        }
    }

    private static Instruction Inner(Instruction instruction) => instruction is Guarded guarded ? guarded.Instruction : instruction;

    private static ulong Of(Dictionary<string, ulong> state, string register) => state.GetValueOrDefault(register);

    private static void Step(Dictionary<string, ulong> state, InstructionStatement statement)
    {
        Operand[] sources = [.. statement.Operands.Skip(1)];
        ulong arguments = sources.FirstOrDefault() switch
        {
            AddressOperand address when statement.Name.StartsWith("ld.param.", StringComparison.Ordinal) => MemoryView.Argument(address.Offset),
            AddressOperand => MemoryView.AnyArgument,
            _ => sources.OfType<NameOperand>().Aggregate(0ul, (all, source) => all | Of(state, source.Name)),
        };
        foreach (NameOperand target in Targets(statement))
        {
            state[target.Name] = statement.Guard is null ? arguments : arguments | Of(state, target.Name);
        }
    }

    private static IEnumerable<NameOperand> Targets(InstructionStatement statement) => statement.Operands switch
    {
        [NameOperand target, ..] => [target],
        [VectorOperand vector, ..] => vector.Elements.OfType<NameOperand>(),
        _ => [],
    };

    private void Follow(Block[] blocks)
    {
        Queue<int> waiting = new([0]);
        HashSet<int> reached = [0];
        while (waiting.TryDequeue(out int index))
        {
            Dictionary<string, ulong> state = new(entries[index]);
            parts[index].ForEach(statement => Step(state, statement));
            foreach (int successor in blocks[index].End.Successors)
            {
                if (Merge(entries[successor], state) | reached.Add(successor))
                {
                    waiting.Enqueue(successor);
                }
            }
        }
    }

    private static bool Merge(Dictionary<string, ulong> into, Dictionary<string, ulong> from)
    {
        bool changed = false;
        foreach ((string register, ulong arguments) in from)
        {
            ulong before = Of(into, register);
            into[register] = before | arguments;
            changed |= (before | arguments) != before;
        }

        return changed;
    }
}
