namespace SparseEngine.Benchmarks.Scaling;

/// <summary>
/// What carries messages between ranks, one rank a machine: a latency, a cost of each message at its ends, and a bandwidth each way, which every
/// rank has for itself.
/// </summary>
/// <remarks>
/// The LogGP model: A. Alexandrov et al., "LogGP: Incorporating Long Messages into the LogP Model", SPAA 1995. With one message in flight at a time
/// it is the latency-bandwidth model of R. Hockney, Parallel Computing 20(3), 1994. [L09]: S. Larsen et al., "Architectural Breakdown of End-to-End
/// Latency in a TCP/IP Network", International Journal of Parallel Programming 37(6), 2009. [P18]: D. K. Panda, "The MVAPICH2 Project", SC 2018.
/// </remarks>
/// <param name="Name">Its name.</param>
/// <param name="Latency">Seconds until a message of no bytes is there.</param>
/// <param name="MessageSeconds">Seconds that a rank is busy with sending one message and receiving another, whatever their bytes.</param>
/// <param name="BytesPerSecond">Of a rank, out and in at once.</param>
internal sealed record Network(string Name, double Latency, double MessageSeconds, double BytesPerSecond)
{
    // 1,448 bytes of a segment in 1,538 bytes of a frame, its preamble and the gap behind it.
    private const double EthernetPayload = 1448.0 / 1538;

    // A packet carries 4,096 bytes behind 30 of headers and checksums.
    private const double InfiniBandPayload = 4096.0 / 4126;

    /// <summary>
    /// TCP over 10 Gb/s Ethernet: "as low as 10 microseconds" one way [L09], and for a switch and for interrupts that wait for company another 10: an
    /// assumption. So is what a message costs: a call of the operating system at either end, 2 microseconds.
    /// </summary>
    public static Network TenGigabit { get; } = new("10 Gb/s", 20e-6, 2e-6, 10e9 / 8 * EthernetPayload);

    /// <summary>TCP over 25 Gb/s Ethernet: the same software.</summary>
    public static Network TwentyFiveGigabit { get; } = new("25 Gb/s", 20e-6, 2e-6, 25e9 / 8 * EthernetPayload);

    /// <summary>
    /// InfiniBand EDR at 100 Gb/s: below a microsecond [P18], and as much for switches: an assumption, as is what a message costs where the operating
    /// system has no part in it.
    /// </summary>
    public static Network HundredGigabit { get; } = new("100 Gb/s", 2e-6, 0.3e-6, 100e9 / 8 * InfiniBandPayload);

    /// <summary>A network as two measurements have it: the time of a sum of few numbers, and that of one of many.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="ranks">The ranks that were measured.</param>
    /// <param name="fewSeconds">Of a sum whose bytes do not matter.</param>
    /// <param name="many">Bytes of the other.</param>
    /// <param name="manySeconds">Its time.</param>
    /// <param name="addedBytesPerSecond">See <see cref="Sum"/>.</param>
    public static Network Measured(string name, int ranks, double fewSeconds, double many, double manySeconds, double addedBytesPerSecond)
    {
        double onTheWay = Math.Max(manySeconds - fewSeconds - (many / addedBytesPerSecond), double.Epsilon);
        return new Network(name, fewSeconds / 2, 0, 2 * (ranks - 1) * many / ranks / onTheWay);
    }

    /// <summary>The seconds in which each rank gives each other rank a block of its own.</summary>
    /// <param name="ranks">The number of ranks.</param>
    /// <param name="blockBytes">Bytes of a block.</param>
    public double Exchange(int ranks, double blockBytes) =>
        ranks == 1 ? 0 : Latency + ((ranks - 1) * (MessageSeconds + (blockBytes / BytesPerSecond)));

    /// <summary>
    /// The seconds of a sum over the ranks: each receives all ranks' numbers for its slice, adds them up, and gives all ranks the sums. A ring moves
    /// the same bytes.
    /// </summary>
    /// <param name="ranks">The number of ranks.</param>
    /// <param name="bytes">Of what each rank adds.</param>
    /// <param name="addedBytesPerSecond">The bytes of summands that a rank adds up in a second.</param>
    public double Sum(int ranks, double bytes, double addedBytesPerSecond) =>
        ranks == 1 ? 0 : (2 * Exchange(ranks, bytes / ranks)) + (bytes / addedBytesPerSecond);
}
