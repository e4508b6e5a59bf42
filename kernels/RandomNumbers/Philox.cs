namespace SparseEngine.Kernels.RandomNumbers;

/// <summary>The counter-based generator Philox 4x32-10 (Salmon, Moraes, Dror and Shaw, 2011): any draw without the ones before it.</summary>
internal static class Philox
{
    private const int Rounds = 10;

    /// <summary>The four 32-bit draws of a 128-bit counter under a 64-bit key.</summary>
    public static (uint X, uint Y, uint Z, uint W) Draw(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
    {
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = 0xD2511F53UL * c0;
            ulong product1 = 0xCD9E8D57UL * c2;
            (c0, c1, c2, c3) = ((uint)(product1 >> 32) ^ c1 ^ k0, (uint)product1, (uint)(product0 >> 32) ^ c3 ^ k1, (uint)product0);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }

        return (c0, c1, c2, c3);
    }

    /// <summary>
    /// An element is dropped when its draw is below this: <paramref name="rate"/> x 2^32, rounded up since draws are whole numbers.
    /// </summary>
    public static uint DropThreshold(float rate) => (uint)Math.Ceiling(rate * 4294967296.0);
}

/// <summary>The draws of consecutive elements of one dropout mask.</summary>
/// <remarks>Element e's draw is word e mod 4 of the counter (e / 4, step) under the key (seed, site), both words low half first.</remarks>
internal struct PhiloxStream
{
    private readonly DropoutKey key;
    private ulong element;
    private (uint X, uint Y, uint Z, uint W) words;

    public PhiloxStream(DropoutKey key, ulong firstElement)
    {
        this.key = key;
        element = firstElement;
        if (element % 4 != 0)
        {
            Refill();
        }
    }

    /// <summary>The next element's draw.</summary>
    public uint Next()
    {
        if (element % 4 == 0)
        {
            Refill();
        }

        return (element++ % 4) switch
        {
            0 => words.X,
            1 => words.Y,
            2 => words.Z,
            _ => words.W,
        };
    }

    private void Refill()
    {
        ulong counter = element / 4;
        words = Philox.Draw((uint)counter, (uint)(counter >> 32), (uint)key.Step, (uint)(key.Step >> 32), key.Seed, key.Site);
    }
}
