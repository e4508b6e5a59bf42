using SparseEngine.Configuration;
using SparseEngine.Files;

namespace SparseEngine.Checkpoints;

/// <summary>Guards what is on the disk against a command that writes several files or reads several.</summary>
internal static class OutputFiles
{
    /// <summary>Checks where a command is about to write.</summary>
    /// <param name="outputs">The files it writes.</param>
    /// <param name="inputs">The files it reads, which it must never overwrite.</param>
    /// <param name="overwrite">Whether it may take the place of other files.</param>
    /// <exception cref="ConfigurationException">An output is a folder or an input, or exists and may not be overwritten.</exception>
    public static void Check(IReadOnlyList<string> outputs, IReadOnlyList<string> inputs, bool overwrite)
    {
        foreach (string output in outputs)
        {
            if (Directory.Exists(output))
            {
                throw new ConfigurationException($"{output}: is a folder; valid: a file");
            }

            if (File.Exists(output) && inputs.Any(input => File.Exists(input) && RealPath.AreOne(output, input)))
            {
                throw new ConfigurationException($"{output}: is the input itself; valid: another file");
            }

            if (File.Exists(output) && !overwrite)
            {
                throw new ConfigurationException($"{output}: exists already; --force overwrites it");
            }
        }
    }
}
