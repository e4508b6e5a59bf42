using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using SparseEngine.Kernels.Gpu;

namespace SparseEngine.Kernels.Tests.Gpu;

/// <summary>Every kernel of the device, and what ILGPU needs to compile it as the device does.</summary>
internal static class KernelList
{
    private const int MostThreads = 1024;

    /// <summary>The implementations of <see cref="IKernel"/>; generic ones with each argument that fits.</summary>
    public static IReadOnlyList<Type> All { get; } = FindAll();

    /// <summary>With the optimizations that devices are opened with.</summary>
    public static Context NewContext() => Context.Create(builder => builder.Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive));

    /// <summary>The method that ILGPU compiles for a kernel.</summary>
    public static MethodInfo EntryOf(Type kernel) => OfLauncher(nameof(KernelLauncher.Entry), kernel);

    /// <summary>What the compiler is told of a kernel's launches.</summary>
    public static KernelSpecialization SpecializationOf(Type kernel) =>
        (KernelSpecialization)OfLauncher(nameof(KernelLauncher.SpecializationOf), kernel).Invoke(null, [MostThreads])!;

    private static MethodInfo OfLauncher(string name, Type kernel) => typeof(KernelLauncher).GetMethod(name)!.MakeGenericMethod(kernel);

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
