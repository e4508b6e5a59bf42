using SparseEngine.Kernels.Gpu;

namespace SparseEngine.Kernels.Tests.Gpu;

/// <summary>Every kernel of the device.</summary>
internal static class KernelList
{
    /// <summary>The implementations of <see cref="IKernel"/>; generic ones with each argument that fits.</summary>
    public static IReadOnlyList<Type> All { get; } = FindAll();

    private static Type[] FindAll()
    {
        Type[] types = typeof(IKernel).Assembly.GetTypes();
        return [.. types.Where(type => type.IsValueType && type.IsAssignableTo(typeof(IKernel))).SelectMany(kernel => Closed(kernel, types))];
    }

    private static IEnumerable<Type> Closed(Type kernel, Type[] types)
    {
        if (!kernel.IsGenericTypeDefinition)
        {
            return [kernel];
        }

        Type bound = kernel.GetGenericArguments()[0].GetGenericParameterConstraints().Single(type => type.IsInterface);
        return types.Where(type => type.IsValueType && type.IsAssignableTo(bound)).Select(argument => kernel.MakeGenericType(argument));
    }
}
