using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.Kernels.Tests.Ptx;

/// <summary>What the machine counts, against accesses whose cost a GPU's documentation tells.</summary>
[Trait("device", "ilgpu")]
[Trait("device", "ptx")]
public class CounterTests
{
    [Theory]
    [InlineData("ld.global.b32 %r2, [%rd2];", 4, 4)] // 128 bytes side by side
    [InlineData("ld.global.b32 %r2, [%rd2+4];", 5, 4)] // a word further on
    [InlineData("ld.global.b32 %r2, [%rd1];", 1, 1)] // the same word for all
    [InlineData("mul.wide.u32 %rd5, %r1, 32;\nadd.u64 %rd6, %rd1, %rd5;\nld.global.b32 %r2, [%rd6];", 32, 4)] // a sector for each word
    [InlineData("mul.wide.u32 %rd5, %r1, 16;\nadd.u64 %rd6, %rd1, %rd5;\nld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd6];", 16, 16)]
    [InlineData("shr.u32 %r2, %r1, 3;\nmul.wide.u32 %rd5, %r2, 256;\nadd.u64 %rd6, %rd1, %rd5;\nld.global.b32 %r3, [%rd6];", 4, 1)]
    public void Global_memory_is_moved_in_sectors_of_32_bytes(string lines, int sectors, int least) =>
        Assert.Equal(new AccessCounts(1, sectors, least), Count(lines, words: 512).Last(instruction => instruction.IsGlobal).Accesses);

    [Theory]
    [InlineData("add.u64 %rd6, %rd4, %rd3;\nst.shared.b32 [%rd6], 1;", 1, 1)]
    [InlineData("mul.wide.u32 %rd5, %r1, 8;\nadd.u64 %rd6, %rd4, %rd5;\nst.shared.b32 [%rd6], 1;", 2, 1)] // every other bank
    [InlineData("and.b32 %r2, %r1, 7;\nmul.wide.u32 %rd5, %r2, 128;\nadd.u64 %rd6, %rd4, %rd5;\nred.add.shared.u32 [%rd6], 1;", 8, 1)] // one bank
    [InlineData("red.add.shared.u32 [%rd4], 1;", 1, 1)] // one word
    [InlineData("mul.wide.u32 %rd5, %r1, 16;\nadd.u64 %rd6, %rd4, %rd5;\nst.shared.v4.f32 [%rd6], {%f1, %f2, %f3, %f4};", 4, 4)]
    [InlineData("mul.wide.u32 %rd5, %r1, 32;\nadd.u64 %rd6, %rd4, %rd5;\nst.shared.v4.f32 [%rd6], {%f1, %f2, %f3, %f4};", 8, 4)]
    [InlineData("mul.wide.u32 %rd5, %r1, 8;\nadd.u64 %rd6, %rd4, %rd5;\nst.shared.v2.f32 [%rd6], {%f1, %f2};", 2, 2)]
    public void Shared_memory_is_served_by_32_banks(string lines, int wavefronts, int least)
    {
        const string Zeros =
            """
            mov.b64 %rd4, first;
            mul.wide.u32 %rd5, %r1, 32;
            add.u64 %rd6, %rd4, %rd5;
            st.shared.v4.f32 [%rd6], {0f00000000, 0f00000000, 0f00000000, 0f00000000};
            st.shared.v4.f32 [%rd6+16], {0f00000000, 0f00000000, 0f00000000, 0f00000000};
            bar.sync 0;
            """;
        Assert.Equal(new AccessCounts(1, wavefronts, least), Count($"{Zeros}\n{lines}").Last(instruction => instruction.IsShared).Accesses);
    }

    [Fact]
    public void Instructions_lanes_and_fused_multiplications_are_counted()
    {
        IReadOnlyList<CountedInstruction> counted = Count(
            """
            setp.ge.s32 %p1, %r1, 8;
            @%p1 bra L_1;
            mul.f32 %f1, %f2, %f3;
            add.f32 %f4, %f5, %f1;
            mul.f32 %f6, %f2, %f3;
            add.f32 %f7, %f6, %f6;
            fma.rn.f32 %f8, %f1, %f2, %f3;
            L_1:
            """,
            threads: 64);
        CountedInstruction addition = Assert.Single(counted, instruction => instruction.Text == "add.f32 %f4, %f5, %f1;");

        // One warp of two has lanes that get there, 8 of them; a product that is taken twice is not fused.
        Assert.Equal((1, 8), (addition.Executions, addition.Lanes));
        KernelCounts sums = KernelCounts.Of(counted);
        Assert.Equal(1, sums.MultiplyAdds);
        Assert.Equal(counted.Sum(instruction => instruction.Executions), sums.Instructions);
    }

    private static IReadOnlyList<CountedInstruction> Count(string lines, int threads = 32, int words = 256)
    {
        Counters? counters = null;
        HandWrittenKernel.Run(lines, threads, words: words, count: program => counters = new Counters(program));
        return counters!.Instructions;
    }
}
