namespace SparseEngine.Dataflow;

/// <summary>
/// The numbers of a wafer that the model and the simulator count with. <see cref="Cs2"/> has the published ones, each with its source.
/// </summary>
/// <remarks>
/// Sources: [HC34] S. Lie, "Cerebras Architecture Deep Dive: First Look Inside the HW/SW Co-Design for Deep Learning", Hot Chips 34, 2022, and IEEE
/// Micro 43(3), 2023. [WS] Cerebras, "Weight Streaming" white paper, 2021, and the glossary entries taken from it. [J21] M. James, "Scaling Up and
/// Out: Training Massive Models on Cerebras Systems using Weight Streaming", 2021. [R20] K. Rocki et al., "Fast Stencil-Code Computation on a
/// Wafer-Scale Processor", SC 2020, arXiv 2010.03660. What no source gives is called an assumption, with its reason.
/// </remarks>
public sealed record WaferConstants
{
    /// <summary>The CS-2: a WSE-2 wafer with its MemoryX and SwarmX.</summary>
    public static WaferConstants Cs2 { get; } = new();

    /// <summary>
    /// Rows of cores. The 850,000 cores are published ([HC34], [J21]), their grid is not: 850 x 1,000 is an assumption,
    /// near the shape of the 757 x 996 cores that the SDK shows.
    /// </summary>
    public int Rows { get; init; } = 850;

    /// <summary>Columns of cores; see <see cref="Rows"/>.</summary>
    public int Columns { get; init; } = 1000;

    /// <summary>Cycles a second: 1.1 GHz [HC34].</summary>
    public double ClockHertz { get; init; } = 1.1e9;

    /// <summary>Memory of a core in bytes: 48 kB [HC34], 40 GB on the wafer [J21].</summary>
    public int SramBytes { get; init; } = 48 * 1024;

    /// <summary>
    /// Multiply-adds of 16-bit values in a cycle: 4, "3.4 million floating point units" on 850,000 cores [J21];
    /// four a cycle in half precision [R20, the WSE-1].
    /// </summary>
    public int SimdWidth { get; init; } = 4;

    /// <summary>
    /// Bytes of a value, index or partial sum: 16 bits. Activations and weights are FP16 or cb16; 16-bit sums are what Model Zoo's default
    /// precision_opt_level 1 allows in matrix products (an assumption that it applies to sums between cores).
    /// </summary>
    public int ValueBytes { get; init; } = 2;

    /// <summary>
    /// Bytes that a link between neighbours carries in a cycle, each way: one 32-bit word [HC34], the payload of a 38-bit message
    /// [J21]. A sparse weight is one: a 16-bit index and a 16-bit value.
    /// </summary>
    public int LinkBytes { get; init; } = 4;

    /// <summary>Cycles from a router to the next: 1 [HC34], [R20].</summary>
    public int HopCycles { get; init; } = 1;

    /// <summary>
    /// Cycles in which a core starts what a packet triggers: 1, an assumption. [HC34] says that the hardware looks up
    /// the instruction as data arrives, without software.
    /// </summary>
    public int IssueCycles { get; init; } = 1;

    /// <summary>
    /// Bytes a second between MemoryX and the wafer, each way: 1.2 Tb/s, at which SwarmX delivers weights to each CS-2 and reduces
    /// gradients [WS]. MemoryX is assumed to keep up, as [WS] sizes it.
    /// </summary>
    public double IoBytesPerSecond { get; init; } = 150e9;

    /// <summary>Messages that a port of the fabric holds: 4, an assumption; [HC34] says that routers have little buffering.</summary>
    public int QueueMessages { get; init; } = 4;

    /// <summary>
    /// Messages that wait at the wafer's edge for one column: 256, an assumption: 1 kB a column evens out the columns' unequal rows.
    /// </summary>
    public int EdgeMessages { get; init; } = 256;

    /// <summary>
    /// Bytes of a core's memory for the partial sums of output rows that other columns are still working on: 2 kB, an assumption, 1/24 of the memory.
    /// </summary>
    public int AccumulatorBytes { get; init; } = 2048;

    /// <summary>The most CS-2s that one SwarmX node broadcasts to and reduces from: 4 [WS].</summary>
    public int SwarmXFanOut { get; init; } = 4;

    /// <summary>
    /// Seconds through a SwarmX node: 2 microseconds, an assumption: a store-and-forward Ethernet switch and the reduction of a packet.
    /// </summary>
    public double SwarmXSeconds { get; init; } = 2e-6;

    /// <summary>The number of cores.</summary>
    public int Cores => checked(Rows * Columns);

    /// <summary>16-bit multiply-adds of all cores in a second.</summary>
    public double PeakMultiplyAddsPerSecond => (double)Cores * SimdWidth * ClockHertz;

    /// <summary>Multiplications on a wafer over what all its cores could do in a number of cycles: 0 to 1.</summary>
    public double Utilisation(double multiplications, double cycles) => multiplications / (cycles * Cores * SimdWidth);

    /// <summary>Bytes between MemoryX and the wafer in a cycle, each way.</summary>
    public double IoBytesPerCycle => IoBytesPerSecond / ClockHertz;

    /// <summary>Bytes of a weight between MemoryX and the wafer: a value, and where there are zeros its index.</summary>
    public int WeightBytes(bool sparse) => sparse ? 2 * ValueBytes : ValueBytes;

    /// <summary>Values in one message of the fabric.</summary>
    public int ValuesPerMessage => LinkBytes / ValueBytes;

    /// <summary>
    /// Cycles in which a core goes once over <paramref name="tokens"/> values: an AXPY or dot product without its start, an addition.
    /// </summary>
    public int PassCycles(int tokens) => (tokens + SimdWidth - 1) / SimdWidth;

    /// <summary>Messages that <paramref name="tokens"/> values take on a link.</summary>
    public int MessagesFor(int tokens) => (tokens + ValuesPerMessage - 1) / ValuesPerMessage;

    /// <summary>
    /// Output rows whose partial sums a core holds at once, with <paramref name="tokens"/> tokens a core: what
    /// <see cref="AccumulatorBytes"/> has room for, and 8 or more.
    /// </summary>
    public int RowsInFlight(int tokens) => Math.Max(8, AccumulatorBytes / (ValueBytes * Math.Max(1, tokens)));
}
