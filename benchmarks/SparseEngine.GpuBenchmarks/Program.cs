using System.CommandLine;
using SparseEngine.GpuBenchmarks;
using SparseEngine.Kernels;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Gpu;

// Times the operations of one accelerator and prints a line of JSON for each: peers.py times the same in PyTorch and makes the table.
Option<string> deviceName = new("--device") { Description = "cuda[:N], opencl[:N] or ilgpu-cpu.", DefaultValueFactory = _ => "cuda" };
Option<string[]> shapes = new("--shape")
{
    Description = "A weight's rows and columns, as 4096x1024; several may be given.",
    DefaultValueFactory = _ => ["4096x1024", "4096x4096", "12288x12288"],
};
Option<int> tokens = new("--tokens") { Description = "Tokens of the activations.", DefaultValueFactory = _ => 4096 };
Option<int[]> zeros = new("--zeros")
{
    Description = "Shares of zeros in percent; several may be given.", DefaultValueFactory = _ => [50, 75, 90, 95],
};
Option<int> blockRows = new("--block_rows")
{
    Description = "Rows of a weight that share their zeros, 1 or 4.", DefaultValueFactory = _ => 1,
};
Option<int> runs = new("--runs") { Description = "Timed runs, of which the median counts.", DefaultValueFactory = _ => 15 };
Option<bool> ownGemm = new("--own_gemm") { Description = "Leave cuBLAS aside." };
Option<bool> smallTiles = new("--small_tiles") { Description = "Keep sparse products to 48 KiB of shared memory a group." };
Option<bool> tf32 = new("--tf32") { Description = "Dense products in TF32." };
Option<ProductMethod> products = new("--sparse_products")
{
    Description = "How sparse products are computed: Fastest, Sparse or Dense.", DefaultValueFactory = _ => ProductMethod.Sparse,
};
Option<bool> crossover = new("--crossover")
{
    Description = "Print at which density the products of a decoder's weights take as long by non-zeros as densely, and nothing else.",
};
Option<bool> steps = new("--steps") { Description = "Time training steps too." };
RootCommand root = new("Times sparse products and training steps on a GPU.")
{
    deviceName, shapes, tokens, zeros, blockRows, runs, ownGemm, smallTiles, tf32, products, crossover, steps,
};
root.SetAction(line =>
{
    using IlgpuDevice device = Open(line.GetValue(products));
    Timing timing = new(device, line.GetValue(runs), line.GetValue(blockRows));
    timing.Print("device", "", 0, 0, 0, 0, device.Description);
    if (line.GetValue(crossover))
    {
        using IlgpuDevice dense = Open(ProductMethod.Dense);
        Crossover.Print(device, dense, line.GetValue(blockRows));
        return;
    }

    foreach (string shape in line.GetRequiredValue(shapes))
    {
        int[] sides = [.. shape.Split('x').Select(int.Parse)];
        Products.TimeDense(timing, device, sides[0], sides[1], line.GetValue(tokens));
        foreach (int share in line.GetRequiredValue(zeros))
        {
            Products.Time(timing, device, sides[0], sides[1], line.GetValue(tokens), share);
        }
    }

    if (line.GetValue(steps))
    {
        Launches.Time(timing, device);
        Steps.Time(timing, device);
    }

    IlgpuDevice Open(ProductMethod method) =>
        (IlgpuDevice)DeviceChoice.Parse(line.GetRequiredValue(deviceName)).Open(threads: 1, new ProductOptions
        {
            UseCuBlas = !line.GetValue(ownGemm),
            UseLargeTiles = !line.GetValue(smallTiles),
            Matmul = line.GetValue(tf32) ? MatmulPrecision.High : MatmulPrecision.Highest,
            Method = method,
        });
});
return root.Parse(args).Invoke();
