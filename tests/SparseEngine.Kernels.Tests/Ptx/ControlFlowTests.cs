using SparseEngine.PtxMachine.Execution;
using SparseEngine.PtxMachine.Syntax;

namespace SparseEngine.Kernels.Tests.Ptx;

/// <summary>Lanes of a warp that part and meet again, exchange registers, and wait for each other.</summary>
[Trait("device", "ilgpu")]
[Trait("device", "ptx")]
public class ControlFlowTests
{
    // An exchange of registers needs all lanes: it shows that they are together.
    private const string MeetAndStore =
        """
        shfl.sync.bfly.b32 %r9, %r2, 1, 31, 4294967295;
        st.global.b32 [%rd2], %r9;
        """;

    [Fact]
    public void Both_sides_of_a_branch_execute_and_meet_behind_it()
    {
        uint[] words = HandWrittenKernel.Run(
            $"""
            setp.lt.s32 %p1, %r1, 5;
            @%p1 bra L_1;
            add.s32 %r2, %r1, 100;
            bra L_2;
            L_1:
            add.s32 %r2, %r1, 200;
            L_2:
            {MeetAndStore}
            """);
        Assert.Equal(Enumerable.Range(0, 32).Select(i => (uint)((i ^ 1) + ((i ^ 1) < 5 ? 200 : 100))), words[..32]);
    }

    [Fact]
    public void Lanes_go_where_a_table_sends_them_and_meet_again()
    {
        uint[] words = HandWrittenKernel.Run(
            $"""
            rem.s32 %r3, %r1, 3;
            L_T:
            .branchtargets L_0, L_1, L_2;
            brx.idx %r3, L_T;
            L_0:
            mov.b32 %r2, 10;
            bra L_3;
            L_1:
            mov.b32 %r2, 11;
            bra L_3;
            L_2:
            mov.b32 %r2, 12;
            L_3:
            {MeetAndStore}
            """);
        Assert.Equal(Enumerable.Range(0, 32).Select(i => (uint)(10 + ((i ^ 1) % 3))), words[..32]);
    }

    [Fact]
    public void A_comparison_holds_also_where_another_predicate_does()
    {
        uint[] words = HandWrittenKernel.Run(
            $"""
            setp.lt.s32 %p1, %r1, 3;
            setp.ge.or.s32 %p1, %r1, 30, %p1;
            selp.b32 %r2, 1, 0, %p1;
            {MeetAndStore}
            """);
        Assert.Equal(Enumerable.Range(0, 32).Select(i => (i ^ 1) is < 3 or >= 30 ? 1u : 0), words[..32]);
    }

    [Fact]
    public void A_place_that_a_table_does_not_have_is_a_fault()
    {
        PtxFaultException fault = Assert.Throws<PtxFaultException>(() => HandWrittenKernel.Run(
            """
            L_T:
            .branchtargets L_0, L_1;
            brx.idx %r1, L_T;
            L_0:
            bra L_1;
            L_1:
            """));
        Assert.Contains("jumps to place 2 of a table of 2", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lanes_leave_a_loop_when_they_are_done_and_wait_for_the_last()
    {
        uint[] words = HandWrittenKernel.Run(
            $"""
            mov.b32 %r2, 0;
            mov.b32 %r3, 0;
            L_1:
            setp.ge.s32 %p1, %r3, %r1;
            @%p1 bra L_2;
            add.s32 %r3, %r3, 1;
            add.s32 %r2, %r2, %r3;
            bra L_1;
            L_2:
            {MeetAndStore}
            """);
        Assert.Equal(Enumerable.Range(0, 32).Select(i => (uint)((i ^ 1) * ((i ^ 1) + 1) / 2)), words[..32]);
    }

    [Fact]
    public void Branches_nest_and_blocks_may_lie_anywhere()
    {
        uint[] words = HandWrittenKernel.Run(
            $"""
            and.b32 %r3, %r1, 1;
            and.b32 %r4, %r1, 2;
            setp.ne.s32 %p1, %r3, 0;
            setp.ne.s32 %p2, %r4, 0;
            @%p1 bra L_4;
            mov.b32 %r2, 10;
            L_1:
            {MeetAndStore}
            ret;
            L_2:
            mov.b32 %r2, 21;
            L_3:
            add.s32 %r2, %r2, 1000;
            bra L_1;
            L_4:
            @%p2 bra L_2;
            mov.b32 %r2, 20;
            bra L_3;
            """);
        Assert.Equal(Enumerable.Range(0, 32).Select(i => (uint)(((i ^ 1) & 3) switch { 1 => 1020, 3 => 1021, _ => 10 })), words[..32]);
    }

    [Fact]
    public void Threads_that_return_early_change_nothing_more()
    {
        uint[] words = HandWrittenKernel.Run(
            """
            setp.ge.s32 %p1, %r1, 10;
            @%p1 bra L_1;
            st.global.b32 [%rd2], 77;
            ret;
            L_1:
            setp.ge.s32 %p2, %r1, 20;
            @%p2 bra L_2;
            st.global.b32 [%rd2], 88;
            L_2:
            """,
            threads: 40);
        Assert.Equal(Enumerable.Range(0, 50).Select(i => i < 10 ? 77u : i < 20 ? 88u : (uint)i), words[..50]);
    }

    [Fact]
    public void Instructions_with_a_guard_execute_where_it_holds()
    {
        uint[] words = HandWrittenKernel.Run(
            """
            setp.lt.s32 %p1, %r1, 3;
            mov.b32 %r2, 5;
            @%p1 mov.b32 %r2, 6;
            @!%p1 add.s32 %r2, %r2, 10;
            st.global.b32 [%rd2], %r2;
            """);
        Assert.Equal(Enumerable.Range(0, 32).Select(i => i < 3 ? 6u : 15u), words[..32]);
    }

    [Theory]
    [InlineData("bfly.b32 %r2, %r1, 3, 31", 5, 6)]
    [InlineData("up.b32 %r2, %r1, 4, 0", 5, 1)]
    [InlineData("up.b32 %r2, %r1, 4, 0", 3, 3)]
    [InlineData("down.b32 %r2, %r1, 4, 31", 5, 9)]
    [InlineData("down.b32 %r2, %r1, 4, 31", 30, 30)]
    [InlineData("idx.b32 %r2, %r1, 7, 31", 30, 7)]
    [InlineData("bfly.b32 %r2, %r1, 1, 6175", 9, 8)] // segments of 8 lanes: 24 << 8 | 31
    [InlineData("idx.b32 %r2, %r1, 2, 6175", 13, 10)]
    [InlineData("down.b32 %r2, %r1, 4, 6175", 13, 13)]
    public void Shuffles_take_registers_of_other_lanes(string shuffle, int lane, uint expected)
    {
        uint[] words = HandWrittenKernel.Run($"shfl.sync.{shuffle}, 4294967295;\nst.global.b32 [%rd2], %r2;");
        Assert.Equal(expected, words[lane]);
    }

    [Fact]
    public void Warps_see_behind_a_barrier_what_others_wrote_before_it()
    {
        uint[] words = HandWrittenKernel.Run(
            """
            mov.b64 %rd4, first;
            add.u64 %rd5, %rd4, %rd3;
            st.shared.b32 [%rd5], %r1;
            bar.sync 0;
            xor.b32 %r2, %r1, 127;
            mul.wide.u32 %rd6, %r2, 4;
            add.u64 %rd7, %rd4, %rd6;
            ld.shared.b32 %r3, [%rd7];
            st.global.b32 [%rd2], %r3;
            """,
            threads: 128);
        Assert.Equal(Enumerable.Range(0, 128).Select(i => (uint)(i ^ 127)), words[..128]);
    }

    [Fact]
    public void Atomic_operations_add_up_over_lanes_and_groups_and_give_what_was_before()
    {
        uint[] words = HandWrittenKernel.Run(
            """
            red.add.global.u32 [%rd1], 2;
            atom.global.max.u32 %r2, [%rd1+4], 1000;
            """,
            threads: 64, groups: 3);
        Assert.Equal([2 * 64 * 3, 1000], words[..2]);
    }

    [Fact]
    public void An_instruction_that_the_machine_does_not_know_is_named_with_its_line()
    {
        PtxSyntaxException error = Assert.Throws<PtxSyntaxException>(() => HandWrittenKernel.Decode("mov.b32 %r2, 0;\nfrobnicate.f32 %f1, %f2;"));
        Assert.Equal(HandWrittenKernel.FirstLine + 1, error.Line);
        Assert.Contains("frobnicate.f32 %f1, %f2;", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sin.approx.f32 %f1, %f2;")]
    [InlineData("add.ftz.f32 %f1, %f2, %f3;")]
    [InlineData("ld.global.v3.f32 {%f1, %f2, %f3}, [%rd1];")]
    [InlineData("ld.local.b32 %r2, [%rd1];")]
    [InlineData("bar.sync 1;")]
    [InlineData("setp.ge.and.s32 %p1, %r1, 3, %p2;")]
    [InlineData("mov.b32 %r2, %clock;")]
    [InlineData("add.s32 %r2, %rd1, 1;")]
    [InlineData("bra L_nowhere;")]
    public void What_the_machine_does_not_know_is_refused_before_it_executes(string instruction) =>
        Assert.Throws<PtxSyntaxException>(() => HandWrittenKernel.Decode(instruction));
}
