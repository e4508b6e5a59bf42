using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class ScaleTests
{
    [Theory]
    [EveryDevice]
    public void Every_element_is_multiplied_by_the_factor(DeviceFamily family)
    {
        foreach ((int features, int tokens) in new[] { (1, 1), (3, 17), (63, 65), (3, 1000), (0, 5), (5, 0) })
        {
            Matrix x = new Inputs(1).Matrix(features, tokens);
            foreach (float factor in new[] { 0.3f, -2, 0 })
            {
                Bounded[] expected = [.. x.Values.Select(v => (Bounded)v * factor)];
                ConformanceCheck.Run(family, $"{features} x {tokens} by {factor}", [expected], workspace =>
                {
                    DeviceMatrix scaled = workspace.Activations(x);
                    workspace.Device.Scale(scaled, factor);
                    return [Workspace.Read(scaled)];
                });
            }
        }
    }
}
