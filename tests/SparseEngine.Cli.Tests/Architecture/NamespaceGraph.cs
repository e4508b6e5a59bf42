using Mono.Cecil;
using Mono.Cecil.Cil;

namespace SparseEngine.Cli.Tests.Architecture;

/// <summary>Which namespaces of an assembly name types of which others, as its metadata and its code have it.</summary>
internal sealed class NamespaceGraph
{
    private readonly Dictionary<string, Dictionary<string, SortedSet<string>>> edges = [];

    private NamespaceGraph()
    {
    }

    /// <summary>Reads a built assembly.</summary>
    public static NamespaceGraph Read(string path)
    {
        using AssemblyDefinition assembly = AssemblyDefinition.ReadAssembly(path);
        NamespaceGraph graph = new();
        foreach (TypeDefinition type in assembly.MainModule.Types.Where(type => IsOwn(type.Namespace)))
        {
            foreach (TypeReference mentioned in MentionedBy(type))
            {
                graph.Add(type, mentioned, assembly.MainModule);
            }
        }

        return graph;
    }

    /// <summary>
    /// The namespaces that reach one another, circle by circle: of each, a line for every pair that helps to close it, with the types.
    /// </summary>
    public IReadOnlyList<string> Circles()
    {
        Dictionary<string, HashSet<string>> reached = edges.Keys.ToDictionary(name => name, Reach);
        return
        [
            .. from pair in edges
               from target in pair.Value
               where reached.TryGetValue(target.Key, out HashSet<string>? back) && back.Contains(pair.Key)
               orderby pair.Key, target.Key
               select $"{pair.Key} -> {target.Key}: {string.Join(", ", target.Value)}",
        ];
    }

    private HashSet<string> Reach(string start)
    {
        HashSet<string> seen = [];
        Stack<string> open = new([start]);
        while (open.TryPop(out string? name))
        {
            foreach (string next in edges.GetValueOrDefault(name)?.Keys ?? Enumerable.Empty<string>())
            {
                if (seen.Add(next))
                {
                    open.Push(next);
                }
            }
        }

        return seen;
    }

    private void Add(TypeDefinition from, TypeReference mentioned, ModuleDefinition module)
    {
        for (; mentioned.DeclaringType is not null; mentioned = mentioned.DeclaringType)
        {
        }

        bool isOfModule = mentioned.Scope is ModuleDefinition scope && scope == module;
        if (isOfModule && IsOwn(mentioned.Namespace) && mentioned.Namespace != from.Namespace)
        {
            Dictionary<string, SortedSet<string>> targets = edges.TryGetValue(from.Namespace, out Dictionary<string, SortedSet<string>>? known)
                ? known
                : edges[from.Namespace] = [];
            SortedSet<string> types = targets.TryGetValue(mentioned.Namespace, out SortedSet<string>? found)
                ? found
                : targets[mentioned.Namespace] = new(StringComparer.Ordinal);
            types.Add($"{from.Name} names {mentioned.Name}");
        }
    }

    // What generators and the compiler add stands in namespaces of its own.
    private static bool IsOwn(string name) => name == "SparseEngine" || name.StartsWith("SparseEngine.", StringComparison.Ordinal);

    private static IEnumerable<TypeReference> MentionedBy(TypeDefinition type) =>
    [
        .. Parts(type.BaseType),
        .. type.Interfaces.SelectMany(implemented => Parts(implemented.InterfaceType)),
        .. Constraints(type),
        .. Attributes(type),
        .. type.Fields.SelectMany(field => Parts(field.FieldType).Concat(Attributes(field))),
        .. type.Properties.SelectMany(Attributes),
        .. type.Methods.SelectMany(MentionedBy),
        .. type.NestedTypes.SelectMany(MentionedBy),
    ];

    private static IEnumerable<TypeReference> MentionedBy(MethodDefinition method) =>
    [
        .. Parts(method.ReturnType),
        .. method.Parameters.SelectMany(parameter => Parts(parameter.ParameterType)),
        .. Constraints(method),
        .. Attributes(method),
        .. method.HasBody ? method.Body.Variables.SelectMany(variable => Parts(variable.VariableType)) : [],
        .. method.HasBody ? method.Body.Instructions.SelectMany(MentionedBy) : [],
        .. method.HasBody ? method.Body.ExceptionHandlers.SelectMany(handler => Parts(handler.CatchType)) : [],
    ];

    private static IEnumerable<TypeReference> MentionedBy(Instruction instruction) => instruction.Operand switch
    {
        TypeReference type => Parts(type),
        FieldReference field => Parts(field.DeclaringType).Concat(Parts(field.FieldType)),
        GenericInstanceMethod method => [.. MentionedBy(method), .. method.GenericArguments.SelectMany(Parts)],
        MethodReference method => MentionedBy(method),
        _ => [],
    };

    private static IEnumerable<TypeReference> MentionedBy(MethodReference method) =>
        [.. Parts(method.DeclaringType), .. Parts(method.ReturnType), .. method.Parameters.SelectMany(parameter => Parts(parameter.ParameterType))];

    private static IEnumerable<TypeReference> Constraints(IGenericParameterProvider provider) =>
        provider.GenericParameters.SelectMany(parameter => parameter.Constraints).SelectMany(constraint => Parts(constraint.ConstraintType));

    private static IEnumerable<TypeReference> Attributes(ICustomAttributeProvider provider) =>
        provider.CustomAttributes.SelectMany(attribute => Parts(attribute.AttributeType)
            .Concat(attribute.ConstructorArguments.Select(argument => argument.Value).OfType<TypeReference>().SelectMany(Parts)));

    /// <summary>The types that a reference is made of: those of arrays, pointers and arguments as well.</summary>
    private static IEnumerable<TypeReference> Parts(TypeReference? type) => type switch
    {
        null or GenericParameter => [],
        GenericInstanceType generic => [.. Parts(generic.ElementType), .. generic.GenericArguments.SelectMany(Parts)],
        FunctionPointerType function =>
            [.. Parts(function.ReturnType), .. function.Parameters.SelectMany(parameter => Parts(parameter.ParameterType))],
        RequiredModifierType modified => [.. Parts(modified.ElementType), .. Parts(modified.ModifierType)],
        OptionalModifierType modified => [.. Parts(modified.ElementType), .. Parts(modified.ModifierType)],
        TypeSpecification specification => Parts(specification.ElementType),
        _ => [type],
    };
}
