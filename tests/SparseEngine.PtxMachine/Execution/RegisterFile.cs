namespace SparseEngine.PtxMachine.Execution;

/// <summary>Where a warp keeps its registers: for each one its lanes side by side; for a predicate one bit a lane.</summary>
public sealed class RegisterFile
{
    private const int Alignment = 64;
    private readonly Dictionary<string, int> registers = [];
    private readonly Dictionary<(ulong Bits, int Width), int> constants = [];

    /// <summary>Bytes of all registers of a warp.</summary>
    public int Bytes { get; private set; }

    /// <summary>Numbers that instructions name, each kept in a register of its own.</summary>
    public IEnumerable<(int Offset, int Width, ulong Bits)> Constants => constants.Select(c => (c.Value, c.Key.Width, c.Key.Bits));

    /// <summary>Special registers that the program reads: their names and places.</summary>
    public Dictionary<string, int> Special { get; } = [];

    /// <summary>A register's place.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="width">Bytes a lane; 0 for a predicate.</param>
    public int Register(string name, int width) => Place(registers, name, width);

    /// <summary>The place of a special register, such as %tid.x: 32 bits a lane.</summary>
    public int SpecialRegister(string name) => Place(Special, name, sizeof(int));

    /// <summary>The place of a number; for a predicate all lanes have it.</summary>
    public int Constant(ulong bits, int width) => Place(constants, (width == sizeof(int) ? (uint)bits : bits, width), width);

    private int Place<T>(Dictionary<T, int> places, T key, int width)
        where T : notnull
    {
        if (!places.TryGetValue(key, out int place))
        {
            place = Bytes;
            Bytes += width == 0 ? Alignment : width * Warp.Lanes;
            places.Add(key, place);
        }

        return place;
    }
}
