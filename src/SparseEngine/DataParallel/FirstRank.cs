using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using SparseEngine.Distributed;

namespace SparseEngine.DataParallel;

/// <summary>What rank 0 finds or draws for all ranks.</summary>
internal static class FirstRank
{
    // Of all characters the one that no path has.
    private const char Separator = '\0';

    /// <summary>The paths that rank 0 finds, so that all ranks read the same files while others come and go.</summary>
    /// <param name="ranks">All ranks.</param>
    /// <param name="find">Finds them; called by rank 0 alone.</param>
    public static IReadOnlyList<string> Paths(Communicator ranks, Func<IReadOnlyList<string>> find)
    {
        IReadOnlyList<string> found = ranks.IsFirst ? find() : [];
        if (ranks.IsAlone)
        {
            return found;
        }

        string text = Encoding.UTF8.GetString(ranks.Broadcast(Encoding.UTF8.GetBytes(string.Join(Separator, found))));
        return text.Length == 0 ? [] : text.Split(Separator);
    }

    /// <summary>Whether rank 0 finds a file.</summary>
    public static bool FindsFile(Communicator ranks, string path) =>
        Paths(ranks, () => File.Exists(path) ? [path] : []).Count > 0;

    /// <summary>A number that rank 0 finds.</summary>
    /// <param name="ranks">All ranks.</param>
    /// <param name="find">Finds it; called by rank 0 alone.</param>
    public static double Number(Communicator ranks, Func<double> find) =>
        ranks.IsAlone ? find() : BitConverter.ToDouble(ranks.Broadcast(BitConverter.GetBytes(ranks.IsFirst ? find() : 0)));

    /// <summary>32 random bits that rank 0 draws.</summary>
    public static long Draw(Communicator ranks) =>
        BinaryPrimitives.ReadUInt32LittleEndian(ranks.Broadcast(RandomNumberGenerator.GetBytes(sizeof(uint))));
}
