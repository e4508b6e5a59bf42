using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Files;
using SparseEngine.Models;

namespace SparseEngine.Checkpoints.ModelZoo;

/// <summary>What an export to the Model Zoo wrote.</summary>
/// <param name="Path">The file.</param>
/// <param name="Parameters">The elements of its parameters.</param>
/// <param name="StateTensors">Tensors of the optimizer's state.</param>
/// <param name="Step">The run's steps; null where the input does not say.</param>
/// <param name="Bytes">The file's length.</param>
public sealed record ZooExportSummary(string Path, long Parameters, int StateTensors, int? Step, long Bytes);

/// <summary>Makes a checkpoint for Model Zoo 1.8 of one of this program: weights, NaN at sparse places, the optimizer's state and the step.</summary>
public static class ZooExport
{
    /// <summary>Converts, one tensor in memory at a time; the file is written whole or not at all.</summary>
    /// <param name="input">The checkpoint.</param>
    /// <param name="output">The .mdl, .h5 or .hdf5 file to write.</param>
    /// <param name="run">
    /// The run it is of: its optimizer section goes into the file with the optimizer's state. Null for a checkpoint without such a state that says
    /// which model it holds.
    /// </param>
    /// <param name="overwrite">Whether the output may take the place of another file.</param>
    /// <param name="stop">Ends it between two tensors; nothing is written then.</param>
    /// <exception cref="CheckpointException">The input cannot be read, or is not one of the model.</exception>
    /// <exception cref="OutputException">The output cannot be written.</exception>
    /// <exception cref="ConfigurationException">The output is the input or exists, or the run is needed or does not suit the input.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled.</exception>
    public static ZooExportSummary Write(
        CheckpointReader input, string output, RunParameters? run, bool overwrite = false, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentException.ThrowIfNullOrEmpty(output);
        if (!new[] { ".mdl", ".h5", ".hdf5" }.Contains(Path.GetExtension(output), StringComparer.OrdinalIgnoreCase))
        {
            throw new ConfigurationException($"{output}: the Model Zoo's checkpoints are HDF5; valid: a name that ends in .mdl, .h5 or .hdf5");
        }

        OutputFiles.Check([output], input.Files, overwrite);
        ModelParameters model = run?.Model ?? CheckpointModel.Of(input)
            ?? throw new ConfigurationException($"{input.Path}: does not say what model it holds; give the YAML of its run: --params FILE");
        CheckpointModel.Check(input, model, "leave out --params: the checkpoint says itself what it holds");
        ImmutableArray<ParameterDefinition> parameters = GptArchitecture.Parameters(model);
        CheckpointContents.Check(input, parameters);
        OptimizerParameters? optimizer = OptimizerOf(input, parameters, run);

        int states = 0;
        int updates = OptimizerStateName.UpdatesIn(input.Metadata) ?? input.State?.Step ?? 0;
        StateTree tree = ZooState.Of(model, optimizer, input.State?.Step, updates, name =>
        {
            states += OptimizerStateName.IsOptimizers(name) ? 1 : 0;
            return TensorWriter.CopyOf(input, name, stop);
        });
        Dictionary<string, string> metadata = new(input.Metadata, StringComparer.Ordinal)
        {
            [ModelDescription.MetadataKey] = ModelDescription.Write(model),
        };
        ZooWriter.Write(output, tree, input.State, metadata);
        return new ZooExportSummary(
            output, parameters.Sum(parameter => parameter.Elements), states, input.State?.Step, new FileInfo(output).Length);
    }

    /// <summary>The optimizer whose state goes along; null where the checkpoint has none.</summary>
    private static OptimizerParameters? OptimizerOf(CheckpointReader input, ImmutableArray<ParameterDefinition> parameters, RunParameters? run)
    {
        List<string> held = [.. input.Names.Where(name => OptimizerStateName.ParameterOf(name) is not null)];
        if (held.Count == 0)
        {
            return null;
        }

        if (run?.Optimizer is not { } optimizer)
        {
            throw new ConfigurationException(
                $"{input.Path}: holds an optimizer's state, with which the Model Zoo takes betas, eps and weight decay from the file too; "
                + "give the YAML of its run: --params FILE");
        }

        IEnumerable<string> states =
            parameters.SelectMany(parameter => optimizer.StateNames.Select(state => OptimizerStateName.Of(parameter.Name, state)));
        foreach (string name in states)
        {
            if (!input.Contains(name))
            {
                throw new ConfigurationException($"{input.Path}: lacks {name}, which the optimizer section of {run.File} makes a state of its run");
            }
        }

        return optimizer;
    }
}
