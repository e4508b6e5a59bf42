using System.Security.Cryptography;

namespace SparseEngine.DataParallel;

/// <summary>Something that has to be the same in all ranks, by its digest.</summary>
/// <param name="Name">What it is: "weights".</param>
/// <param name="Digest">32 bytes that other contents do not have.</param>
internal sealed record RankFact(string Name, byte[] Digest)
{
    /// <summary>The digest of what <paramref name="contents"/> adds up.</summary>
    public static RankFact Of(string name, Action<IncrementalHash> contents)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        contents(hash);
        return new RankFact(name, hash.GetHashAndReset());
    }
}
