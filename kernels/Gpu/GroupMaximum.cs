using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <summary>The maximum over the threads of a one-dimensional group.</summary>
internal static class GroupMaximum
{
    /// <summary>The largest of the threads' values. All threads of the group call it, and all receive the maximum.</summary>
    public static float Of(float value)
    {
        ArrayView<float> maxima = SharedMemory.Allocate<float>(GroupShapes.MostThreads);
        int thread = Group.IdxX;
        maxima[thread] = value;
        Group.Barrier();
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (thread < half && maxima[thread + half] > maxima[thread])
            {
                maxima[thread] = maxima[thread + half];
            }

            Group.Barrier();
        }

        float maximum = maxima[0];
        Group.Barrier();
        return maximum;
    }
}
