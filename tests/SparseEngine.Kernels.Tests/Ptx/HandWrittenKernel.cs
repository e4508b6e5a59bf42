using System.Runtime.InteropServices;
using SparseEngine.PtxMachine;
using SparseEngine.PtxMachine.Decoding;
using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.Kernels.Tests.Ptx;

/// <summary>
/// A kernel from a few lines of PTX, run on 32-bit words that start as 0, 1, 2, ... It finds its thread in %r1, the words' address in %rd1 and
/// that of the thread's own word in %rd2, and has 1,024 bytes of shared memory, first, 256 after them, second, and dynamic ones.
/// </summary>
internal static class HandWrittenKernel
{
    /// <summary>The line of the text where the body starts.</summary>
    public const int FirstLine = 20;

    /// <summary>Executes the lines and returns the words.</summary>
    public static uint[] Run(
        string body, int threads = 32, int groups = 1, int words = 256, Func<Program, Counters>? count = null, int dynamicBytes = 0)
    {
        Program program = Decode(body);
        nint memory = Marshal.AllocHGlobal(words * sizeof(uint));
        try
        {
            int[] contents = [.. Enumerable.Range(0, words)];
            Marshal.Copy(contents, 0, memory, words);
            byte[] arguments = BitConverter.GetBytes((long)memory);
            using GlobalMemory global = new([new MemoryView(memory, words * sizeof(uint), sizeof(uint), memory, 0)]);
            Machine.Run(
                program, new Dimensions(groups, 1, 1), new Dimensions(threads, 1, 1), arguments, global, count?.Invoke(program), dynamicBytes);
            Marshal.Copy(memory, contents, 0, words);
            return [.. contents.Select(word => (uint)word)];
        }
        finally
        {
            Marshal.FreeHGlobal(memory);
        }
    }

    public static Program Decode(string body) => Decoder.Decode(
        "HandWritten",
        $$"""
        .version 7.8
        .target sm_80
        .address_size 64
        .extern .shared .align 16 .b8 dynamic[];
        .visible .entry Kernel_Entry(
            .param .align 8 .b8 arguments[8]
        )
        {
            .shared .align 16 .b8 first[1024];
            .shared .align 16 .b8 second[256];
            .reg .pred %p<10>;
            .reg .b32 %r<20>;
            .reg .b64 %rd<20>;
            .reg .f32 %f<20>;
            .reg .b16 %rs<20>;
            ld.param.b64 %rd1, [arguments];
            mov.b32 %r1, %tid.x;
            mul.wide.u32 %rd3, %r1, 4;
            add.u64 %rd2, %rd1, %rd3;
        {{body}}
            ret;
        }
        """);
}
