using SparseEngine.Configuration;

namespace SparseEngine.Tests.Configuration;

public sealed class BlockRowsSectionTests
{
    private static SparsityParameters Read(string sparsity) => YamlRun.Read($"{YamlRun.Minimal}{sparsity}\n").Sparsity!;

    private static int[] Rows(SparsityParameters sparsity) => [.. sparsity.Groups.Select(group => group.BlockRows)];

    [Theory]
    [InlineData("sparsity: 0.75", 1)]
    [InlineData("sparsity: {sparsity: 0.75, init_method: random}", 1)]
    [InlineData("sparsity: {sparsity: 0.75, init_method: random, block_rows: 4}", 4)]
    [InlineData("sparsity: {sparsity: 0.75, init_method: topk, block_rows: 3}", 3)]
    [InlineData("sparsity: {sparsity: 0.75, init_method: checkerboard, in_groups: 2, block_rows: 1}", 1)]
    public void Each_element_is_for_itself_where_no_block_is_given(string sparsity, int expected) => Assert.Equal([expected], Rows(Read(sparsity)));

    [Fact]
    public void A_maps_blocks_take_the_sections_or_override_it()
    {
        SparsityParameters sparsity = Read(
            """
            sparsity:
              sparsity: 0.5
              init_method: topk
              block_rows: 4
              param_name_patterns:
                ffn: {block_rows: 2}
                attn: {sparsity: 0.8}
                other: {block_rows: 1, init_method: from_zeros}
            """);

        Assert.Equal([2, 4, 1], Rows(sparsity));
    }

    [Fact]
    public void Groups_of_a_list_have_their_own() => Assert.Equal(
        [4, 1],
        Rows(Read("sparsity: [{sparsity: 0.5, param_filter: '*ffn*', block_rows: 4}, {algorithm: rigl, sparsity: 0.5, param_filter: '*attn*'}]")));

    [Theory]
    [InlineData("init_method: topk, block_rows: 0", "19:46: sparsity.block_rows is 0; valid: an integer of at least 1")]
    [InlineData("init_method: topk, block_rows: 1.5", "19:46: sparsity.block_rows is 1.5; valid: an integer of at least 1")]
    [InlineData(
        "init_method: from_zeros, block_rows: 4",
        "19:52: sparsity.block_rows is 4; valid: 1 with an init_method other than random and topk")]
    [InlineData(
        "init_method: checkerboard, block_rows: 4",
        "19:54: sparsity.block_rows is 4; valid: 1 with an init_method other than random and topk")]
    [InlineData(
        "algorithm: gmp, block_rows: 4", "19:43: sparsity.block_rows is 4; valid: 1 with algorithms that change masks: gmp, set, rigl")]
    [InlineData(
        "block_rows: 4, type: rigl, init_method: topk",
        "19:27: sparsity.block_rows is 4; valid: 1 with algorithms that change masks: gmp, set, rigl")]
    [InlineData("init_method: topk, in_groups: 2, block_rows: 4", "19:60: sparsity.block_rows is 4; valid: 1 with in_groups or out_groups")]
    [InlineData("init_method: topk, block_rows: 4, out_groups: 2", "19:46: sparsity.block_rows is 4; valid: 1 with in_groups or out_groups")]
    [InlineData(
        "init_method: topk, block_rows: 4, param_name_patterns: {a: {seed: 1}, b: {init_method: from_zeros}}",
        "19:97: sparsity.param_name_patterns.b.block_rows is 4; valid: 1 with an init_method other than random and topk")]
    public void What_does_not_go_with_blocks_is_told_where_it_stands(string settings, string error) =>
        Assert.Equal([$"params.yaml:{error}"], YamlRun.Errors($"{YamlRun.Minimal}sparsity: {{sparsity: 0.5, {settings}}}\n"));

    [Fact]
    public void A_slip_of_the_key_is_told_with_the_nearest_name() =>
        Assert.Equal(
            ["params.yaml:19:49: sparsity.block_row is not a known key; did you mean block_rows?"],
            YamlRun.Warnings($"{YamlRun.Minimal}sparsity: {{sparsity: 0.75, init_method: random, block_row: 4}}\n"));
}
