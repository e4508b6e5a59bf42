using SparseEngine.PtxMachine.Execution;
using SparseEngine.PtxMachine.Instructions;
using SparseEngine.PtxMachine.Syntax;

namespace SparseEngine.PtxMachine.Decoding;

/// <summary>Decodes a kernel once, so that executing it looks nothing up.</summary>
public sealed class Decoder
{
    // Between variables of shared memory, so that what runs over one's end is no other's; whole rows of banks, which stay as they are.
    private const int GuardBytes = 1024;

    private readonly KernelText text;
    private readonly RegisterFile registers = new();
    private readonly Dictionary<string, int> variables = [];
    private readonly List<(int Start, int End)> shared = [];
    private readonly Dictionary<string, int> labels = [];
    private int instructions;

    private Decoder(KernelText text) => this.text = text;

    /// <summary>Decodes a kernel.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="text">Its PTX.</param>
    /// <exception cref="PtxSyntaxException">It has an instruction that this machine does not know.</exception>
    public static Program Decode(string name, string text) => new Decoder(PtxParser.Parse(text)).Decode(name);

    private Program Decode(string name)
    {
        PlaceVariables();
        List<List<InstructionStatement>> parts = Split();
        Block[] blocks = [.. parts.Select(DecodeBlock)];
        PostDominators.SetRejoins(blocks);
        Provenance.Set(parts, blocks);
        return new Program
        {
            Name = name,
            ParameterBytes = text.Parameters.Values.Sum(),
            Blocks = blocks,
            Registers = registers,
            Shared = [.. shared],
            DynamicShared = text.DynamicShared is null ? null : variables[text.DynamicShared],
            FusedLines = Fusion.Lines(text.Body.OfType<InstructionStatement>()),
        };
    }

    private void PlaceVariables()
    {
        int place = 0;
        foreach (SharedVariable variable in text.Shared)
        {
            variables.Add(variable.Name, place);
            shared.Add((place, place + variable.Bytes));
            place = (place + variable.Bytes + GuardBytes) / GuardBytes * GuardBytes;
        }

        if (text.DynamicShared is not null)
        {
            variables.Add(text.DynamicShared, place);
        }
    }

    /// <summary>Cuts the body into blocks, which labels start and jumps end.</summary>
    private List<List<InstructionStatement>> Split()
    {
        List<List<InstructionStatement>> parts = [[]];
        bool ended = false;
        foreach (Statement statement in text.Body)
        {
            if (ended || (statement is LabelStatement && parts[^1].Count > 0))
            {
                parts.Add([]);
            }

            ended = false;
            if (statement is LabelStatement label)
            {
                labels.Add(label.Name, parts.Count - 1);
            }
            else
            {
                InstructionStatement instruction = (InstructionStatement)statement;
                parts[^1].Add(instruction);
                ended = instruction.Name is "bra" or "bra.uni" or "brx.idx" or "ret" or "bar.sync";
            }
        }

        return parts;
    }

    private Block DecodeBlock(List<InstructionStatement> part, int index)
    {
        InstructionStatement? last = part.LastOrDefault();
        Terminator? end = last is null ? null : MakeEnd(last, index, part.Count == 1);
        Instruction[] body = [.. part.Take(part.Count - (end is null ? 0 : 1)).Select(Make)];
        return new Block(index, body, end ?? new Jump(index + 1));
    }

    private Terminator? MakeEnd(InstructionStatement statement, int block, bool isAlone)
    {
        int next = block + 1;
        Operands operands = new(statement, text, registers, variables);
        Terminator? end = statement.Name switch
        {
            "bra" or "bra.uni" when statement.Guard is null => new Jump(Label(statement)),
            "bra" or "bra.uni" => new Branch(operands.Guard, statement.GuardNegated, Label(statement), next, statement.Name == "bra.uni"),
            "ret" when statement.Guard is null => new Return(),
            "bar.sync" when statement.Guard is null && operands.Count == 1 && operands.Number(0) == 0 => new GroupBarrier(next),
            "brx.idx" when statement.Guard is null && isAlone => new IndexedJump(operands.Source(0, sizeof(int)), Table(statement)),
            "brx.idx" or "ret" or "bar.sync" => throw operands.Unknown(),
            _ => null,
        };
        end?.Place(statement.Line, statement.Text);
        return end;
    }

    private int Label(InstructionStatement statement) =>
        statement.Operands is [NameOperand name] && labels.TryGetValue(name.Name, out int block) ? block : throw NoLabel(statement);

    private int[] Table(InstructionStatement statement) =>
        statement.Operands is [_, NameOperand table] && text.BranchTargets.TryGetValue(table.Name, out IReadOnlyList<string>? targets)
            && targets.All(labels.ContainsKey)
            ? [.. targets.Select(target => labels[target])]
            : throw NoLabel(statement);

    private static PtxSyntaxException NoLabel(InstructionStatement statement) => new(statement.Line, $"no label for '{statement.Text}'");

    private Instruction Make(InstructionStatement statement)
    {
        Operands operands = new(statement, text, registers, variables);
        Instruction instruction = InstructionSet.Make(statement.Name, operands) ?? throw operands.Unknown();
        instruction.Place(instructions, statement.Line, statement.Text);
        if (statement.Guard is not null)
        {
            instruction = new Guarded(instruction, operands.Guard, statement.GuardNegated);
            instruction.Place(instructions, statement.Line, statement.Text);
        }

        instructions++;
        return instruction;
    }
}
