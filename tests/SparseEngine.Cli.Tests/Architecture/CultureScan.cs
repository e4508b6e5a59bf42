using Mono.Cecil;
using Mono.Cecil.Cil;

namespace SparseEngine.Cli.Tests.Architecture;

/// <summary>
/// Finds in an assembly where text takes the look of the machine's culture and the compiler's own analyzer (CA1305) sees nothing:
/// numbers and dates in interpolated and added strings.
/// </summary>
internal static class CultureScan
{
    private static readonly string[] Sensitive = ["Single", "Double", "Half", "Decimal", "DateTime", "DateTimeOffset", "DateOnly", "TimeOnly"];
    private static readonly string[] Integers = ["Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "BigInteger", "TimeSpan"];

    /// <summary>Each place, as method and type, in alphabetical order.</summary>
    public static IReadOnlyList<string> Places(string assembly)
    {
        using ModuleDefinition module = ModuleDefinition.ReadModule(assembly);
        return [.. module.GetTypes().SelectMany(type => type.Methods).Where(IsWritten).SelectMany(PlacesOf).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>The text that the compiler makes for records is for debuggers.</summary>
    private static bool IsWritten(MethodDefinition method) => method is { HasBody: true, Name: not "PrintMembers" };

    private static IEnumerable<string> PlacesOf(MethodDefinition method)
    {
        // A hole of an interpolated string may have an interpolated string in it.
        Stack<bool> hasCulture = new();
        foreach (Instruction instruction in method.Body.Instructions)
        {
            if (instruction.Operand is not MethodReference called)
            {
                continue;
            }

            bool isHandler = called.DeclaringType.Name.EndsWith("InterpolatedStringHandler", StringComparison.Ordinal);
            if (isHandler && called.Name == ".ctor")
            {
                hasCulture.Push(called.Parameters.Any(parameter => parameter.ParameterType.Name == nameof(IFormatProvider)));
            }
            else if (isHandler && called.Name == "ToStringAndClear")
            {
                hasCulture.Pop();
            }
            else if (isHandler && called.Name == "AppendFormatted" && called is GenericInstanceMethod hole && !hasCulture.Peek()
                && IsSensitive(hole.GenericArguments[0], Format(instruction)))
            {
                yield return $"{method.DeclaringType.FullName}.{method.Name}: {{{hole.GenericArguments[0].Name}}} in an interpolated string";
            }
            else if (called is { Name: nameof(ToString), Parameters.Count: 0 } && IsSensitive(Receiver(instruction, called), format: null))
            {
                yield return $"{method.DeclaringType.FullName}.{method.Name}: {Receiver(instruction, called).Name}.ToString()";
            }
        }
    }

    private static TypeReference Receiver(Instruction call, MethodReference called) =>
        call.Previous is { OpCode.Code: Code.Constrained, Operand: TypeReference type } ? type : called.DeclaringType;

    /// <summary>The format behind the colon of a hole; null where it has none.</summary>
    private static string? Format(Instruction append) => append.Previous.Operand as string;

    /// <summary>
    /// Whole numbers differ where they are grouped or scaled by a format; their sign is the same in every culture that the program is told of.
    /// </summary>
    private static bool IsSensitive(TypeReference type, string? format)
    {
        if (type is GenericInstanceType { Name: "Nullable`1" } nullable)
        {
            return IsSensitive(nullable.GenericArguments[0], format);
        }

        return Sensitive.Contains(type.Name)
            || (Integers.Contains(type.Name) && format is not (null or ['D' or 'd' or 'X' or 'x' or 'B' or 'b' or 'c', ..]));
    }
}
