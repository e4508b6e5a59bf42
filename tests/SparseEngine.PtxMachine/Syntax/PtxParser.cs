using System.Globalization;
using System.Text.RegularExpressions;

namespace SparseEngine.PtxMachine.Syntax;

/// <summary>Reads a module of one kernel, as ILGPU writes it: a statement a line.</summary>
public static partial class PtxParser
{
    /// <exception cref="PtxSyntaxException">A line is none that ILGPU writes.</exception>
    public static KernelText Parse(string text)
    {
        KernelText kernel = new();
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = WithoutComment(lines[i]).Trim();
            if (line.Length > 0)
            {
                Read(kernel, i + 1, line);
            }
        }

        return kernel;
    }

    private static string WithoutComment(string line)
    {
        int comment = line.IndexOf("//", StringComparison.Ordinal);
        return comment < 0 ? line : line[..comment];
    }

    private static void Read(KernelText kernel, int line, string text)
    {
        if (text.StartsWith('.'))
        {
            ReadDirective(kernel, line, text);
        }
        else if (Label().Match(text) is { Success: true } label)
        {
            kernel.Body.Add(new LabelStatement(line, text, label.Groups[1].Value));
        }
        else if (InstructionLine().Match(text) is { Success: true } instruction)
        {
            kernel.Body.Add(new InstructionStatement(
                line, text, instruction.Groups["guard"] is { Success: true } guard ? guard.Value : null, instruction.Groups["not"].Success,
                instruction.Groups["name"].Value, [.. Operands(line, instruction.Groups["operands"].Value)]));
        }
        else if (text is not ("(" or ")" or "{" or "}"))
        {
            throw new PtxSyntaxException(line, $"unknown statement '{text}'");
        }
    }

    private static void ReadDirective(KernelText kernel, int line, string text)
    {
        if (Entry().Match(text) is { Success: true } entry)
        {
            kernel.Name = kernel.Name.Length == 0 ? entry.Groups[1].Value : throw new PtxSyntaxException(line, "a second kernel");
        }
        else if (Parameter().Match(text) is { Success: true } parameter)
        {
            kernel.Parameters.Add(parameter.Groups[1].Value, Number(parameter.Groups[2].Value));
        }
        else if (Shared().Match(text) is { Success: true } shared)
        {
            kernel.Shared.Add(new SharedVariable(shared.Groups[2].Value, Number(shared.Groups[1].Value), Number(shared.Groups[3].Value)));
        }
        else if (DynamicShared().Match(text) is { Success: true } dynamic)
        {
            kernel.DynamicShared = dynamic.Groups[1].Value;
        }
        else if (Registers().Match(text) is { Success: true } registers)
        {
            kernel.RegisterTypes[registers.Groups[2].Value] = registers.Groups[1].Value;
        }
        else if (BranchTargets().Match(text) is { Success: true } targets && kernel.Body.LastOrDefault() is LabelStatement table)
        {
            kernel.BranchTargets.Add(table.Name, [.. OperandText().Matches(targets.Groups[1].Value).Select(match => match.Value.Trim())]);
        }
        else if (!Header().IsMatch(text))
        {
            throw new PtxSyntaxException(line, $"unknown directive '{text}'");
        }
    }

    private static IEnumerable<Operand> Operands(int line, string text) =>
        OperandText().Matches(text).Select(match => ParseOperand(line, match.Value.Trim()));

    private static Operand ParseOperand(int line, string text)
    {
        if (text.StartsWith('{'))
        {
            return new VectorOperand([.. text.Trim('{', '}').Split(',').Select(element => ParseOperand(line, element.Trim()))]);
        }

        if (Address().Match(text) is { Success: true } address)
        {
            return new AddressOperand(address.Groups[1].Value, address.Groups[2] is { Success: true } offset ? Number(offset.Value) : 0);
        }

        if (text.StartsWith("0f", StringComparison.Ordinal) || text.StartsWith("0d", StringComparison.Ordinal))
        {
            return new NumberOperand(ulong.Parse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        }

        if (Int128.TryParse(text, CultureInfo.InvariantCulture, out Int128 number))
        {
            return new NumberOperand(unchecked((ulong)number));
        }

        return Name().IsMatch(text) ? new NameOperand(text) : throw new PtxSyntaxException(line, $"unknown operand '{text}'");
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^([\w$]+):$")]
    private static partial Regex Label();

    [GeneratedRegex(@"^(?:@(?<not>!)?(?<guard>%\w+)\s+)?(?<name>[a-z]\w*(?:\.\w+)*)(?:\s+(?<operands>[^;]*))?;$")]
    private static partial Regex InstructionLine();

    [GeneratedRegex(@"^\.visible \.entry (\w+)\($")]
    private static partial Regex Entry();

    [GeneratedRegex(@"^\.param \.align \d+ \.b8 (\w+)\[(\d+)\]$")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"^\.shared \.align (\d+) \.b8 (\w+)\[(\d+)\];$")]
    private static partial Regex Shared();

    [GeneratedRegex(@"^\.extern \.shared \.align \d+ \.b8 (\w+)\[\];$")]
    private static partial Regex DynamicShared();

    [GeneratedRegex(@"^\.reg \.(\w+)\s+(%\w+)<\d+>;$")]
    private static partial Regex Registers();

    [GeneratedRegex(@"^\.branchtargets ([^;]+);$")]
    private static partial Regex BranchTargets();

    [GeneratedRegex(@"^\.(version|target|address_size|maxntid|minnctapersm)\b")]
    private static partial Regex Header();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]|[^,\s][^,]*")]
    private static partial Regex OperandText();

    [GeneratedRegex(@"^\[([%\w.]+)(?:\+(-?\d+))?\]$")]
    private static partial Regex Address();

    [GeneratedRegex(@"^[%\w.$]+$")]
    private static partial Regex Name();
}
