using System.Text.RegularExpressions;

namespace SparseEngine.Hdf5;

/// <summary>What stopped the parser, in words for whoever has the file and not the parser's source.</summary>
internal static partial class ParserMessage
{
    /// <summary>The message of an exception in one line.</summary>
    public static string Of(Exception exception)
    {
        string message = exception.Message.ReplaceLineEndings(" ");
        if (MissingFilter().Match(message) is { Success: true } filter)
        {
            return $"it is compressed with {filter.Groups["name"]} (HDF5 filter {filter.Groups["id"]}), which is not read here; "
                + "valid: gzip, shuffle, fletcher32, scale-offset, or no filter. "
                + "Write it anew with one of these, as compression=\"gzip\" does in h5py";
        }

        return message.StartsWith("Byte order conversion", StringComparison.Ordinal)
            ? "its numbers are big-endian; write it anew with little-endian ones, in h5py of dtype \"<i4\" or \"<f4\""
            : message;
    }

    [GeneratedRegex(@"^Could not find filter '(?<name>.*)' with ID '(?<id>\d+)'")]
    private static partial Regex MissingFilter();
}
