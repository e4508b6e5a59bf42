using SparseEngine.PtxMachine.Execution;
using SparseEngine.PtxMachine.Instructions;

namespace SparseEngine.Kernels.Tests.Ptx;

/// <summary>What a GPU gets wrong, each as a kernel of a few lines; the same without the mistake runs.</summary>
[Trait("device", "ilgpu")]
[Trait("device", "ptx")]
public class FaultTests
{
    // The thread's own word of shared memory: %rd5; the next thread's: 4 bytes on.
    private const string OwnWord =
        """
        mov.b64 %rd4, first;
        add.u64 %rd5, %rd4, %rd3;
        """;

    [Theory]
    [InlineData("ld.global.b32 %r2, [%rd1+1024];", 0, "outside its argument's memory: 1024 bytes into its argument's 1024")]
    [InlineData("ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd1+1016];", 0, "no multiple")]
    [InlineData("ld.global.v2.f32 {%f1, %f2}, [%rd1+1020];", 0, "no multiple")]
    [InlineData("st.global.b32 [%rd2+900], %r1;", 31, "outside its argument's memory: 1024 bytes")]
    [InlineData("ld.global.b32 %r2, [%rd1+-4];", 0, "4 bytes before its argument's")]
    [InlineData("add.u64 %rd6, %rd1, 2;\nld.global.b32 %r2, [%rd6];", 0, "no multiple")]
    [InlineData("mov.b64 %rd6, 0;\nld.global.b32 %r2, [%rd6];", 0, "outside its argument's memory")]
    [InlineData("st.global.b32 [%rd1], %r1;", 1, "writes memory that thread 0 of the group has written since the last barrier")]
    [InlineData("ld.global.b32 %r2, [%rd1];\nst.global.b32 [%rd2], 1;", 0, "writes memory that several threads have read since the last barrier")]
    [InlineData("st.global.b32 [%rd2], 1;\nld.global.b32 %r2, [%rd2+4];", 0, "reads memory that thread 1 of the group has written since")]
    [InlineData("red.add.global.u32 [%rd1], 1;\nld.global.b32 %r2, [%rd1];", 0, "reads memory that atomic operations of the launch have written")]
    public void Global_memory(string lines, int thread, string message) => AssertFault(lines, thread, message);

    [Theory]
    [InlineData("st.shared.b32 [%rd5+900], %r1;", 31, "of shared memory at 1024, where no variable holds them")]
    [InlineData("st.shared.b32 [first+-4], %r1;", 0, "of shared memory at -4")]
    [InlineData("ld.shared.b32 %r2, [%rd5+2];", 0, "no multiple")]
    [InlineData("ld.shared.b32 %r2, [%rd5];", 0, "reads shared memory that nobody has written")]
    [InlineData("st.shared.b32 [%rd5], 1;\nld.shared.v4.f32 {%f1, %f2, %f3, %f4}, [first+128];", 0, "reads shared memory that nobody has written")]
    [InlineData("st.shared.b32 [%rd5], 1;\nld.shared.b32 %r2, [%rd5+4];", 0, "reads shared memory that thread 1 of the group has written since")]
    [InlineData("st.shared.b32 [%rd5], 1;\nld.shared.v4.f32 {%f1, %f2, %f3, %f4}, [first];", 0, "that thread 1 of the group has written")]
    [InlineData("st.shared.b32 [first], 1;", 1, "writes shared memory that thread 0 of the group has written since the last barrier")]
    [InlineData("st.shared.b32 [%rd5], 1;\nbar.sync 0;\nld.shared.b32 %r2, [first];\nst.shared.b32 [%rd5], 2;", 0, "several threads have read")]
    [InlineData("st.shared.b32 [%rd5], 1;\nred.add.shared.u32 [first], 1;", 1, "updates shared memory that thread 0 of the group has written")]
    [InlineData("st.shared.b32 [%rd5], 1;\nbar.sync 0;\nred.add.shared.u32 [first], 1;\nld.shared.b32 %r2, [first];", 0, "atomic operations")]
    public void Shared_memory(string lines, int thread, string message) => AssertFault($"{OwnWord}\n{lines}", thread, message);

    [Theory]
    [InlineData("st.shared.b32 [dynamic+128], %r1;", 0, "of shared memory at 3200, where no variable holds them")]
    [InlineData("st.shared.b32 [dynamic+-4], %r1;", 0, "where no variable holds them")]
    [InlineData("st.shared.b32 [%rd5+4], %r1;", 31, "of shared memory at 3200, where no variable holds them")]
    [InlineData("ld.shared.b32 %r2, [%rd5];", 0, "reads shared memory that nobody has written")]
    public void Dynamic_shared_memory(string lines, int thread, string message) =>
        AssertFault($"mov.b64 %rd4, dynamic;\nadd.u64 %rd5, %rd4, %rd3;\n{lines}", thread, message, dynamicBytes: 128);

    [Fact]
    public void Dynamic_shared_memory_is_as_large_as_a_launch_asks_for()
    {
        uint[] words = HandWrittenKernel.Run(
            """
            mov.b64 %rd4, dynamic;
            add.u64 %rd5, %rd4, %rd3;
            st.shared.b32 [%rd5+231040], %r1;
            bar.sync 0;
            mov.b32 %r2, %dynamic_smem_size;
            ld.shared.b32 %r3, [dynamic+231044];
            add.s32 %r4, %r2, %r3;
            st.global.b32 [%rd2], %r4;
            """,
            dynamicBytes: 231_168);
        Assert.Equal(Enumerable.Repeat(231_169u, 32), words[..32]);
    }

    [Fact]
    public void Words_that_one_group_writes_and_another_reads()
    {
        PtxFaultException fault = Assert.Throws<PtxFaultException>(() => HandWrittenKernel.Run(
            """
            mov.b32 %r2, %ctaid.x;
            setp.eq.s32 %p1, %r2, 0;
            @!%p1 bra L_1;
            st.global.b32 [%rd2], 1;
            ret;
            L_1:
            ld.global.b32 %r3, [%rd2];
            """,
            groups: 2));
        Assert.Contains("thread (0, 0, 0) of group (1, 0, 0) reads memory that another group has written", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Words_that_one_group_reads_and_another_writes_though_a_third_has_read_them_too()
    {
        PtxFaultException fault = Assert.Throws<PtxFaultException>(() => HandWrittenKernel.Run(
            """
            mov.b32 %r2, %ctaid.x;
            setp.eq.s32 %p1, %r2, 2;
            ld.global.b32 %r3, [%rd2];
            bar.sync 0;
            @%p1 st.global.b32 [%rd2], 1;
            """,
            groups: 3));
        Assert.Contains("of group (2, 0, 0) writes memory that another group has read", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_barrier_that_lanes_of_a_warp_pass_by()
    {
        PtxFaultException fault = Assert.Throws<PtxFaultException>(() => HandWrittenKernel.Run(
            """
            setp.lt.s32 %p1, %r1, 5;
            @%p1 bra L_1;
            bar.sync 0;
            L_1:
            """));
        Assert.Equal(HandWrittenKernel.FirstLine + 2, fault.Line);
        Assert.Contains("thread (5, 0, 0)", fault.Message, StringComparison.Ordinal);
        Assert.Contains("waits at a barrier that thread (0, 0, 0) of its warp does not reach", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_barrier_that_threads_of_another_warp_never_reach()
    {
        PtxFaultException fault = Assert.Throws<PtxFaultException>(() => HandWrittenKernel.Run(
            """
            setp.ge.s32 %p1, %r1, 32;
            @%p1 bra L_1;
            bar.sync 0;
            L_1:
            """,
            threads: 64));
        Assert.Contains("waits at a barrier that thread (32, 0, 0) never reaches: it has ended", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("setp.lt.s32 %p1, %r1, 5;\n@%p1 bra.uni L_2;\nst.global.b32 [%rd2], 1;\nL_2:", 0, "uniform branch that thread (5, 0, 0)")]
    [InlineData("setp.lt.s32 %p1, %r1, 5;\n@%p1 bra L_1;\nshfl.sync.bfly.b32 %r2, %r1, 1, 31, 4294967295;\nL_1:", 5, "waits for lane 0")]
    [InlineData("setp.ge.s32 %p1, %r1, 5;\n@%p1 bra L_1;\nshfl.sync.idx.b32 %r2, %r1, 9, 31, 31;\nL_1:", 0, "takes the value of lane 9")]
    [InlineData("sub.s32 %r2, %r1, 7;\ndiv.s32 %r3, %r1, %r2;", 7, "divides by zero")]
    public void Lanes(string lines, int thread, string message) => AssertFault(lines, thread, message);

    [Fact]
    public void An_address_of_one_argument_in_the_memory_of_another()
    {
        // Two arguments, the second's memory right behind the first's.
        using GlobalMemory memory = new([new MemoryView(64, 64, 4, 64, 0), new MemoryView(128, 64, 4, 64, 16)]);
        Assert.NotNull(memory.Find(128, 4, MemoryView.Argument(16)));
        Assert.Null(memory.Find(128, 4, MemoryView.Argument(0)));
        Assert.Equal("64 bytes into its argument's 64", memory.Describe(128, MemoryView.Argument(0)));
        Program program = HandWrittenKernel.Decode(
            """
            setp.eq.s32 %p1, %r1, 0;
            mov.b64 %rd5, 0;
            @%p1 bra L_1;
            add.u64 %rd5, %rd2, 8;
            L_1:
            ld.global.b32 %r2, [%rd5];
            mov.b64 %rd5, 0;
            """);
        GlobalAccess load = Assert.Single(program.Instructions.OfType<GlobalAccess>());
        Assert.Equal(MemoryView.Argument(0), load.Arguments);
    }

    [Theory]
    [InlineData(1, 1025, 0, "1025 threads in a group; a GPU launches 1 to 1024")]
    [InlineData(0, 32, 0, "0 groups along x")]
    [InlineData(1, 32, 231_169, "231169 bytes of dynamic shared memory; a GPU launches 0 to 231168")]
    public void Launches_that_a_driver_refuses(int groups, int threads, int dynamicBytes, string message)
    {
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => HandWrittenKernel.Run("", threads, groups, dynamicBytes: dynamicBytes));
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Neighbours_may_write_bytes_of_one_word_where_elements_are_bytes()
    {
        using GlobalMemory memory = new([new MemoryView(64, 64, 1, 64, 0)]);
        AccessOrder order = new();
        order.StartGroup();
        GlobalRange range = memory.Find(64, 1, ulong.MaxValue)!.Value.Range;
        Assert.Null(range.Write(64, 1, 0, order));
        Assert.Null(range.Write(65, 1, 1, order));
        Assert.NotNull(range.Write(65, 1, 2, order));
        Assert.NotNull(range.Read(64, 4, 0, order));
    }

    [Fact]
    public void Nothing_is_wrong_where_a_barrier_lies_between()
    {
        uint[] words = HandWrittenKernel.Run(
            $"""
            {OwnWord}
            st.shared.b32 [%rd5], %r1;
            bar.sync 0;
            ld.shared.b32 %r2, [first+12];
            bar.sync 0;
            st.shared.b32 [%rd5], %r2;
            ld.shared.b32 %r3, [%rd5];
            red.add.shared.u32 [%rd5], 1;
            bar.sync 0;
            ld.shared.b32 %r4, [%rd5];
            st.global.b32 [%rd2], %r4;
            """,
            threads: 64);
        Assert.Equal(Enumerable.Repeat(4u, 64), words[..64]);
    }

    private static void AssertFault(string lines, int thread, string message, int dynamicBytes = 0)
    {
        PtxFaultException fault = Assert.Throws<PtxFaultException>(() => HandWrittenKernel.Run(lines, dynamicBytes: dynamicBytes));
        Assert.StartsWith("HandWritten: PTX line ", fault.Message, StringComparison.Ordinal);
        Assert.Contains($"thread ({thread}, 0, 0) of group (0, 0, 0)", fault.Message, StringComparison.Ordinal);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }
}
