using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace SparseEngine.Checkpoints.PyTorch;

/// <summary>Interprets a pickle: builds its plain values, and asks for what its names stand for. It runs none of Python's code.</summary>
/// <remarks>The instructions, protocols 2 to 5, are those of Python's pickletools. None recurses, and each allocates at most what it reads.</remarks>
/// <param name="input">The pickle.</param>
/// <param name="objects">What its names stand for.</param>
internal sealed class PickleReader(PickleInput input, IPickleObjects objects)
{
    /// <summary>Values that one may make: a file of 100,000 tensors makes four million, and what is larger is made to fill the memory.</summary>
    public const int LargestCount = 8_000_000;

    private const int HighestProtocol = 5;

    // Python writes larger integers than these nowhere in a checkpoint, and printing one of a million digits takes a minute.
    private const int LongestInteger = 64;

    private readonly List<object?> stack = [];
    private readonly Stack<int> marks = new();
    private readonly Dictionary<uint, object?> memo = [];
    private int made;

    /// <summary>The object that the pickle holds.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or names what is not allowed.</exception>
    public object? Read()
    {
        while (true)
        {
            PickleOpcode opcode = (PickleOpcode)input.ReadByte();
            if (opcode == PickleOpcode.Stop)
            {
                return Pop();
            }

            if (!ReadValue(opcode) && !ReadContainer(opcode))
            {
                Execute(opcode);
            }
        }
    }

    private static InvalidDataException Damaged() => new("is damaged: its pickle is none that torch.save writes");

    /// <summary>Instructions that push a value which they contain.</summary>
    private bool ReadValue(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.None:
                Push(null);
                return true;
            case PickleOpcode.NewTrue or PickleOpcode.NewFalse:
                Push(opcode == PickleOpcode.NewTrue);
                return true;
            case PickleOpcode.BinInt:
                Push((long)input.ReadInt32());
                return true;
            case PickleOpcode.BinInt1:
                Push((long)input.ReadByte());
                return true;
            case PickleOpcode.BinInt2:
                Push((long)input.ReadUInt16());
                return true;
            case PickleOpcode.Long1:
                PushInteger(input.ReadByte());
                return true;
            case PickleOpcode.Long4:
                PushInteger(input.ReadUInt32());
                return true;
            case PickleOpcode.BinFloat:
                Push(input.ReadDouble());
                return true;
            case PickleOpcode.ShortBinUnicode:
                Push(input.ReadText(input.ReadByte()));
                return true;
            case PickleOpcode.BinUnicode:
                Push(input.ReadText(input.ReadUInt32()));
                return true;
            case PickleOpcode.BinUnicode8:
                Push(input.ReadText(input.ReadUInt64()));
                return true;
            case PickleOpcode.ShortBinString:
                Push(Encoding.Latin1.GetString(input.ReadBytes(input.ReadByte())));
                return true;
            case PickleOpcode.BinString:
                Push(Encoding.Latin1.GetString(input.ReadBytes(input.ReadUInt32())));
                return true;
            case PickleOpcode.ShortBinBytes:
                Push(input.ReadBytes(input.ReadByte()));
                return true;
            case PickleOpcode.BinBytes:
                Push(input.ReadBytes(input.ReadUInt32()));
                return true;
            case PickleOpcode.BinBytes8:
                Push(input.ReadBytes(input.ReadUInt64()));
                return true;
            default:
                return false;
        }
    }

    /// <summary>Instructions that make tuples, lists and dictionaries, and fill them.</summary>
    private bool ReadContainer(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.EmptyList:
                Push(new PickleList());
                return true;
            case PickleOpcode.EmptyDict:
                Push(new PickleDictionary());
                return true;
            case PickleOpcode.EmptyTuple:
                Push(new PickleTuple([]));
                return true;
            case PickleOpcode.Tuple1 or PickleOpcode.Tuple2 or PickleOpcode.Tuple3:
                Push(new PickleTuple(PopFrom(stack.Count - (opcode - PickleOpcode.Tuple1 + 1))));
                return true;
            case PickleOpcode.Tuple:
                Push(new PickleTuple(PopToMark()));
                return true;
            case PickleOpcode.Append:
                Append([Pop()]);
                return true;
            case PickleOpcode.Appends:
                Append(PopToMark());
                return true;
            case PickleOpcode.SetItem:
                Set(PopFrom(stack.Count - 2));
                return true;
            case PickleOpcode.SetItems:
                Set(PopToMark());
                return true;
            default:
                return false;
        }
    }

    private void Execute(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Proto:
                byte protocol = input.ReadByte();
                if (protocol > HighestProtocol)
                {
                    throw new InvalidDataException($"has a pickle of protocol {protocol}; valid: 2 to {HighestProtocol}");
                }

                break;
            case PickleOpcode.Frame:
                // How much may be read ahead; whoever reads on needs no frames.
                input.ReadUInt64();
                break;
            case PickleOpcode.Mark:
                Count();
                marks.Push(stack.Count);
                break;
            case PickleOpcode.BinPut:
                Put(input.ReadByte());
                break;
            case PickleOpcode.LongBinPut:
                Put(input.ReadUInt32());
                break;
            case PickleOpcode.Memoize:
                Put((uint)memo.Count);
                break;
            case PickleOpcode.BinGet:
                Push(Get(input.ReadByte()));
                break;
            case PickleOpcode.LongBinGet:
                Push(Get(input.ReadUInt32()));
                break;
            case PickleOpcode.Global:
                Push(objects.Find(input.ReadLine(), input.ReadLine()));
                break;
            case PickleOpcode.StackGlobal:
                Push(PopFrom(stack.Count - 2) is [string module, string name] ? objects.Find(module, name) : throw Damaged());
                break;
            case PickleOpcode.Reduce:
                PickleTuple arguments = Pop() as PickleTuple ?? throw Damaged();
                Push(objects.Call(Pop(), arguments));
                break;
            case PickleOpcode.BinPersId:
                Push(objects.Load(Pop() as PickleTuple ?? throw Damaged()));
                break;
            case PickleOpcode.Build:
                // An ordered dictionary's own attributes, such as the versions of modules: nothing of the checkpoint.
                Pop();
                _ = Top() as PickleDictionary ?? throw Damaged();
                break;
            default:
                throw new InvalidDataException(
                    $"has the opcode 0x{(byte)opcode:X2} in its pickle, which torch.save does not write: it is damaged, or something else");
        }
    }

    private void PushInteger(uint bytes)
    {
        if (bytes > LongestInteger)
        {
            throw new InvalidDataException($"has an integer of {bytes} bytes in its pickle; valid: up to {LongestInteger}");
        }

        BigInteger integer = new(input.ReadBytes(bytes));
        if (integer >= long.MinValue && integer <= long.MaxValue)
        {
            Push((long)integer);
        }
        else
        {
            Push(integer);
        }
    }

    private void Append(ImmutableArray<object?> items)
    {
        PickleList list = Top() as PickleList ?? throw Damaged();
        foreach (object? item in items)
        {
            list.Add(item);
        }
    }

    private void Set(ImmutableArray<object?> items)
    {
        if (Top() is not PickleDictionary dictionary || items.Length % 2 != 0)
        {
            throw Damaged();
        }

        for (int i = 0; i < items.Length; i += 2)
        {
            dictionary.Add(items[i], items[i + 1]);
        }
    }

    private void Put(uint index)
    {
        Count();
        memo[index] = Top();
    }

    private object? Get(uint index) => memo.TryGetValue(index, out object? value) ? value : throw Damaged();

    private void Push(object? value)
    {
        Count();
        stack.Add(value);
    }

    private object? Pop()
    {
        object? value = Top();
        stack.RemoveAt(stack.Count - 1);
        return value;
    }

    // What lies below the last mark is out of reach until the mark is gone.
    private object? Top() => stack.Count > (marks.TryPeek(out int mark) ? mark : 0) ? stack[^1] : throw Damaged();

    private ImmutableArray<object?> PopToMark() => marks.TryPop(out int mark) ? PopFrom(mark) : throw Damaged();

    private ImmutableArray<object?> PopFrom(int start)
    {
        if (start < (marks.TryPeek(out int mark) ? mark : 0))
        {
            throw Damaged();
        }

        ImmutableArray<object?> items = [.. CollectionsMarshal.AsSpan(stack)[start..]];
        stack.RemoveRange(start, stack.Count - start);
        return items;
    }

    private void Count()
    {
        if (++made > LargestCount)
        {
            throw new InvalidDataException($"has more than {LargestCount} values in its pickle");
        }
    }
}
