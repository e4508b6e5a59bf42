using PureHDF;
using SparseEngine.Files;

namespace SparseEngine.Checkpoints.ModelZoo;

/// <summary>Writes a nested state as the saver of Model Zoo 1.8 does: HDF5 with a dataset per value, and the structure as a pickle.</summary>
/// <remarks>The run's state and texts are attributes of the root as in an .mdl file of this program, where the zoo does not look.</remarks>
internal static class ZooWriter
{
    // The container's version in release 1.8.
    private const double Version = 0.2;

    /// <summary>Writes a file whole or not at all; tensors are filled one after the other, each once.</summary>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public static void Write(string path, StateTree tree, TrainingState? state, IReadOnlyDictionary<string, string> metadata)
    {
        H5File file = [];
        CheckpointAttributes.Add(file, state, metadata);
        file.Attributes[CheckpointLayout.Version] = Version;
        file.Attributes[ZooFile.Specification] = Convert.ToHexStringLower(PickledSpecification.Write(tree));
        List<TensorWriter> tensors = [];
        List<H5Dataset<float[]>> datasets = [];
        foreach ((string key, object? content) in tree.Flatten())
        {
            if (content is not TensorWriter tensor)
            {
                file.Add(key, Dataset(content));
                continue;
            }

            // Two names of one tensor are two links to one dataset.
            int known = tensors.IndexOf(tensor);
            if (known < 0)
            {
                known = tensors.Count;
                tensors.Add(tensor);
                datasets.Add(new H5Dataset<float[]>(MdlWriter.FileShape(tensor)));
            }

            file.Add(key, datasets[known]);
        }

        AtomicFile.Write(path, stream => MdlWriter.Unwrap(() =>
        {
            List<FileRegion> regions = [];
            using (H5NativeWriter writer = file.BeginWrite(stream))
            {
                _ = MdlWriter.Fill(writer, stream, tensors, [.. datasets], regions);
            }

            StructureChecksum.Append(stream, regions);
        }));
    }

    private static H5Dataset Dataset(object? content)
    {
        H5Dataset dataset = new(content ?? 0f);
        if (content is null)
        {
            dataset.Attributes["is_none"] = true;
        }
        else if (content is long or double)
        {
            dataset.Attributes["is_scalar"] = true;
        }

        return dataset;
    }
}
