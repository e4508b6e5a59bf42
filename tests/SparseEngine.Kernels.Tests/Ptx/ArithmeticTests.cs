namespace SparseEngine.Kernels.Tests.Ptx;

/// <summary>Instructions against what the documentation of PTX 7.8 says of them, where it is not what C# would give.</summary>
[Trait("device", "ilgpu")]
[Trait("device", "ptx")]
public class ArithmeticTests
{
    private const uint NaN = 0x7FC00000;
    private const uint Infinity = 0x7F800000;

    [Theory]
    [InlineData("add.f32 %f3, %f1, %f2;", 0x4B800000, 0x3F800000, 0x4B800000)] // 2^24 + 1: to the even of two
    [InlineData("mul.f32 %f3, %f1, %f2;", 0x00800000, 0x3F000000, 0x00400000)] // a subnormal product stays
    [InlineData("div.rn.f32 %f3, %f1, %f2;", 0x3F800000, 0x40400000, 0x3EAAAAAB)]
    [InlineData("rcp.rn.f32 %f3, %f1;", 0x40400000, 0, 0x3EAAAAAB)]
    [InlineData("sqrt.rn.f32 %f3, %f1;", 0x40000000, 0, 0x3FB504F3)]
    [InlineData("fma.rn.f32 %f3, %f1, %f2, 0fBF800000;", 0x3F800001, 0x3F7FFFFE, 0xA8800000)] // (1 + e)(1 - e) - 1 = -e^2, rounded once
    [InlineData("min.f32 %f3, %f1, %f2;", NaN, 0x40000000, 0x40000000)]
    [InlineData("max.f32 %f3, %f1, %f2;", 0x80000000, 0, 0)]
    [InlineData("neg.f32 %f3, %f1;", 0, 0, 0x80000000)]
    [InlineData("abs.f32 %f3, %f1;", 0xBF800000, 0, 0x3F800000)]
    [InlineData("selp.b32 %f3, 0f00000001, 0f00000000, %p0;", 0, 0, 1)]
    public void Floats_round_once_to_the_nearest(string instruction, uint a, uint b, uint expected) =>
        Assert.Equal(expected, Result(instruction, a, b));

    [Theory]
    [InlineData("cvt.rzi.s32.f32 %r4, %f1;", 0xBFC00000, 0xFFFFFFFF)] // -1.5
    [InlineData("cvt.rzi.s32.f32 %r4, %f1;", 0x4F800000, 0x7FFFFFFF)] // 2^32
    [InlineData("cvt.rzi.s32.f32 %r4, %f1;", NaN, 0)]
    [InlineData("cvt.rzi.u32.f32 %r4, %f1;", 0xBF800000, 0)]
    [InlineData("cvt.rn.f32.s32 %f3, %r2;", 16777217, 0x4B800000)] // 2^24 + 1
    [InlineData("cvt.rn.f32.u32 %f3, %r2;", 0xFFFFFFFF, 0x4F800000)]
    [InlineData("cvt.u8.u32 %rs1, %r2; cvt.s32.s8 %r4, %rs1;", 0x1FF, 0xFFFFFFFF)]
    [InlineData("cvt.u8.u32 %rs1, %r2; cvt.s32.u8 %r4, %rs1;", 0x1FF, 0xFF)]
    [InlineData("cvt.s64.s32 %rd5, %r2; shr.s64 %rd5, %rd5, 32; cvt.u32.u64 %r4, %rd5;", 0x80000000, 0xFFFFFFFF)]
    [InlineData("popc.b32 %r4, %r2;", 0xF0F, 8)]
    [InlineData("clz.b32 %r4, %r2;", 0xFFFF, 16)]
    [InlineData("cvt.u64.u32 %rd5, %r2; shr.u64 %rd5, %rd5, 32; cvt.u32.u64 %r4, %rd5;", 0x80000000, 0)]
    public void Conversions_saturate_truncate_and_extend(string instructions, uint a, uint expected) =>
        Assert.Equal(expected, Result(instructions, a, 0));

    [Theory]
    [InlineData("shl.b32 %r4, %r2, %r3;", 1, 32, 0)]
    [InlineData("shr.u32 %r4, %r2, %r3;", 0x80000000, 40, 0)]
    [InlineData("shr.s32 %r4, %r2, %r3;", 0x80000000, 40, 0xFFFFFFFF)]
    [InlineData("shr.s32 %r4, %r2, 31;", 0x80000000, 0, 0xFFFFFFFF)]
    [InlineData("div.s32 %r4, %r2, 8;", 0xFFFFFFF1, 0, 0xFFFFFFFF)] // -15 / 8 = -1
    [InlineData("rem.s32 %r4, %r2, 8;", 0xFFFFFFF1, 0, 0xFFFFFFF9)] // -15 % 8 = -7
    [InlineData("div.s32 %r4, %r2, %r3;", 0xFFFFFFF1, 7, 0xFFFFFFFE)]
    [InlineData("div.s32 %r4, %r2, %r3;", 0x80000000, 0xFFFFFFFF, 0x80000000)]
    [InlineData("rem.s32 %r4, %r2, %r3;", 0x80000000, 0xFFFFFFFF, 0)]
    [InlineData("mul.lo.s32 %r4, %r2, %r3;", 0x10001, 0x10001, 0x20001)]
    [InlineData("mul.hi.u32 %r4, %r2, %r3;", 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFE)]
    [InlineData("mul.wide.u32 %rd5, %r2, %r3; shr.u64 %rd5, %rd5, 32; cvt.u32.u64 %r4, %rd5;", 0xFFFFFFFF, 16, 15)]
    [InlineData("mul.wide.u32 %rd5, %r2, 16; shr.u64 %rd5, %rd5, 32; cvt.u32.u64 %r4, %rd5;", 0xFFFFFFFF, 0, 15)]
    [InlineData("mad.lo.s32 %r4, %r2, %r3, 5;", 3, 0xFFFFFFFF, 2)]
    [InlineData("min.s32 %r4, %r2, %r3;", 0xFFFFFFFF, 1, 0xFFFFFFFF)]
    [InlineData("min.u32 %r4, %r2, %r3;", 0xFFFFFFFF, 1, 1)]
    [InlineData("xor.b32 %r4, %r2, %r3;", 0xFF, 0x0F, 0xF0)]
    [InlineData("not.b32 %r4, %r2;", 0xFF, 0, 0xFFFFFF00)]
    public void Whole_numbers_wrap_and_shifts_leave_nothing(string instructions, uint a, uint b, uint expected) =>
        Assert.Equal(expected, Result(instructions, a, b));

    [Theory]
    [InlineData("eq.f32", NaN, NaN, false)]
    [InlineData("ne.f32", NaN, 0, false)]
    [InlineData("neu.f32", NaN, 0, true)]
    [InlineData("equ.f32", NaN, 0, true)]
    [InlineData("lt.f32", 0xBF800000, 0, true)]
    [InlineData("lt.f32", NaN, 0, false)]
    [InlineData("ltu.f32", NaN, 0, true)]
    [InlineData("ltu.f32", 0x3F800000, 0, false)]
    [InlineData("le.f32", 0x80000000, 0, true)]
    [InlineData("leu.f32", 0, NaN, true)]
    [InlineData("leu.f32", Infinity, 0, false)]
    [InlineData("gt.f32", Infinity, 0, true)]
    [InlineData("gt.f32", NaN, 0, false)]
    [InlineData("gtu.f32", 0, 0, false)]
    [InlineData("gtu.f32", 0, NaN, true)]
    [InlineData("ge.f32", 0, 0x80000000, true)]
    [InlineData("geu.f32", 0, 0x3F800000, false)]
    [InlineData("nan.f32", 0, NaN, true)]
    [InlineData("num.f32", 0, NaN, false)]
    [InlineData("lt.s32", 0xFFFFFFFF, 0, true)]
    [InlineData("lo.u32", 0xFFFFFFFF, 0, false)]
    [InlineData("hs.u32", 5, 5, true)]
    [InlineData("hi.u32", 5, 5, false)]
    [InlineData("ls.u32", 5, 5, true)]
    [InlineData("gt.s32", 1, 0xFFFFFFFF, true)]
    [InlineData("ge.s32", 0xFFFFFFFF, 0, false)]
    [InlineData("le.s32", 0xFFFFFFFF, 0, true)]
    [InlineData("ne.s32", 1, 1, false)]
    public void Comparisons_of_nan_hold_only_where_they_are_unordered(string comparison, uint a, uint b, bool expected)
    {
        string operands = comparison.EndsWith("f32", StringComparison.Ordinal) ? "%f1, %f2" : "%r2, %r3";
        Assert.Equal(expected ? 1u : 0u, Result($"setp.{comparison} %p1, {operands}; selp.b32 %r4, 1, 0, %p1;", a, b));
    }

    [Theory]
    [InlineData("and.pred %p1, %p0, %p2;", 0)]
    [InlineData("or.pred %p1, %p0, %p2;", 1)]
    [InlineData("xor.pred %p1, %p0, %p0;", 0)]
    [InlineData("not.pred %p1, %p2;", 1)]
    [InlineData("mov.pred %p1, 1;", 1)]
    [InlineData("testp.notanumber.f32 %p1, %f1;", 0)]
    public void Predicates_are_bits(string instruction, uint expected) =>
        Assert.Equal(expected, Result($"mov.pred %p2, 0; {instruction} selp.b32 %r4, 1, 0, %p1;", 0, 0));

    /// <summary>What each of 32 threads leaves in %f3 or %r4; %f1 and %r2 start as a, %f2 and %r3 as b, %p0 as true.</summary>
    private static uint Result(string instructions, uint a, uint b)
    {
        string result = instructions.Contains("%r4", StringComparison.Ordinal) ? "%r4" : "%f3";
        string[] lines =
        [
            $"mov.b32 %r2, {a};", $"mov.b32 %r3, {b};", "mov.b32 %f1, %r2;", "mov.b32 %f2, %r3;", "setp.eq.s32 %p0, 0, 0;",
            .. instructions.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(instruction => $"{instruction.Trim()};"),
            $"st.global.b32 [%rd2], {result};",
        ];
        return Assert.Single(HandWrittenKernel.Run(string.Join('\n', lines))[..32].Distinct());
    }
}
