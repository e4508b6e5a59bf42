using PureHDF;
using PureHDF.Filters;
using PureHDF.VOL.Native;
using SparseEngine.Configuration;
using SparseEngine.Data;

namespace SparseEngine.Tests.Data;

public sealed class GptHdf5SourceTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Samples_come_in_the_order_of_file_names_then_of_samples()
    {
        Write("b_1.h5", Samples(2, first: 100));
        Write("a_2.h5", Samples(3, first: 0));
        using ISampleSource source = Open();
        Assert.Equal((5, 4), (source.Count, source.SequenceLength));
        Assert.Equal([0, 10, 20, 100, 110], Enumerable.Range(0, 5).Select(i => Read(source, i).Ids[0]));
        (int[] ids, int[] mask, int[] labels) = Read(source, 3);
        Assert.Equal([100, 101, 102, 103], ids);
        Assert.Equal([1, 1, 1, 0], mask);
        Assert.Equal([101, 102, 103, 104], labels);
    }

    [Fact]
    public void Chunks_compressed_as_the_zoo_compresses_them_are_read()
    {
        Write("a.h5", Samples(3, first: 7), new H5DatasetCreation(Filters: [DeflateFilter.Id]));
        using ISampleSource source = Open();
        Assert.Equal([27, 28, 29, 30], Read(source, 2).Ids);
    }

    [Fact]
    public void Chunks_of_several_samples_are_read_right_in_any_order_across_files()
    {
        H5DatasetCreation gzip = new(Filters: [DeflateFilter.Id]);
        Write("a.h5", Samples(6, first: 0), gzip, samplesInChunk: 4);
        Write("b.h5", Samples(6, first: 100), gzip, samplesInChunk: 4);
        using ISampleSource source = Open();
        int[] order = [0, 6, 1, 7, 5, 11, 4, 3, 10, 9, 2, 8];
        Assert.Equal(order.Select(i => i < 6 ? 10 * i : 100 + (10 * (i - 6))), order.Select(i => Read(source, i).Ids[0]));
    }

    [Fact]
    public void A_file_cut_short_anywhere_is_one_clear_line()
    {
        byte[] whole = File.ReadAllBytes(Directory.GetFiles(TestData.PathOf("tiny-dense", "train"), "*.h5").Order(StringComparer.Ordinal).First());
        string file = directory.File("a.h5");
        for (int tenths = 0; tenths < 10; tenths++)
        {
            File.WriteAllBytes(file, whole[..(whole.Length * tenths / 10)]);
            string error = Error(() =>
            {
                using ISampleSource source = SampleSource.Open(
                    Input(directory.Path) with { MaxSequenceLength = 32 }, DataSplit.Training, 256, "params.yaml");
                return Enumerable.Range(0, source.Count).Select(i => Read(source, i)).ToArray();
            });
            Assert.StartsWith($"{file}: cannot be read as HDF5: ", error, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error);
        }
    }

    [Fact]
    public void A_real_file_of_the_zoos_format_is_read()
    {
        using ISampleSource source = SampleSource.Open(
            Input(TestData.PathOf("tiny-dense", "train")) with { MaxSequenceLength = 32 }, DataSplit.Training, 256, "params.yaml");
        Assert.True(source.Count >= 80);
        (int[] ids, _, int[] labels) = Enumerable.Range(0, 1).Select(_ => Read(source, 0)).Single();
        Assert.Equal(ids[1..], labels[..^1]);
    }

    [Fact]
    public void A_relative_path_is_looked_for_beside_the_yaml_too()
    {
        Directory.CreateDirectory(directory.File("train"));
        Write("train/a.h5", Samples(1, first: 0));
        using ISampleSource source = SampleSource.Open(Input("train"), DataSplit.Training, 256, directory.File("params.yaml"));
        Assert.Equal(1, source.Count);
    }

    [Fact]
    public void Each_thing_wrong_with_the_data_is_one_clear_line()
    {
        string yaml = directory.File("params.yaml");
        string here = Path.GetFullPath("absent");
        Assert.Equal(
            $"{yaml}: train_input.data_dir \"absent\" does not exist (looked at {here} and {directory.File("absent")})",
            Error(() => SampleSource.Open(Input("absent"), DataSplit.Training, 256, yaml)));
        Assert.Equal($"{directory.Path}: has no .h5 files; GptHDF5DataProcessor reads files with a dataset \"data\"", Error(() => Open()));

        string file = directory.File("a.h5");
        new H5File { ["text"] = new int[] { 1 } }.Write(file);
        Assert.Equal($"{file}: has no dataset \"data\"; it has: text", Error(() => Open()));
        new H5File { ["data"] = new float[2, 3, 4] }.Write(file);
        Assert.Equal($"{file}: dataset \"data\" is float32 [2, 3, 4]; int32 [samples, 3, sequence] is needed", Error(() => Open()));
        new H5File { ["data"] = new int[2, 2, 4] }.Write(file);
        Assert.Equal($"{file}: dataset \"data\" is int32 [2, 2, 4]; int32 [samples, 3, sequence] is needed", Error(() => Open()));
        new H5File { ["data"] = new int[2, 3, 8] }.Write(file);
        Assert.Equal($"{file}: the samples have 8 tokens, max_sequence_length is 4", Error(() => Open()));
        H5File stated = new() { ["data"] = new int[2, 3, 4] };
        stated.Attributes["n_examples"] = 5;
        stated.Write(file);
        Assert.Equal($"{file}: the attribute n_examples is 5, the dataset \"data\" has 2 samples", Error(() => Open()));
        File.WriteAllText(file, "not HDF5");
        Assert.StartsWith($"{file}: cannot be read as HDF5: ", Error(() => Open()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lzf.h5", ": dataset \"data\": cannot be read as HDF5: it is compressed with lzf (HDF5 filter 32000), which is not read here; "
        + "valid: gzip, shuffle, fletcher32, scale-offset, or no filter. ")]
    [InlineData(
        "szip.h5", ": dataset \"data\": cannot be read as HDF5: it is compressed with szip (HDF5 filter 4), which is not read here; valid: gzip, ")]
    [InlineData("big-endian.h5", ": dataset \"data\": cannot be read as HDF5: its numbers are big-endian; write it anew with little-endian ones")]
    [InlineData("external-link.h5", ": \"data\" is a link to another file, or to a name that is not there; valid: a dataset in the file itself")]
    public void What_HDF5_can_do_and_is_not_read_here_is_one_line_that_says_what_to_do(string name, string expected)
    {
        string file = TestData.PathOf("hdf5", name);
        string error = Error(() =>
        {
            using ISampleSource source = SampleSource.Open(Input(file), DataSplit.Training, 256, "params.yaml");
            return Read(source, 0);
        });
        Assert.StartsWith(file + expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_that_were_shuffled_and_packed_are_read()
    {
        using ISampleSource source = SampleSource.Open(Input(TestData.PathOf("hdf5", "scale-offset.h5")), DataSplit.Training, 256, "params.yaml");
        Assert.Equal([1, 2, 3, 4], Read(source, 1).Ids);
    }

    [Fact]
    public void A_number_of_samples_of_any_integer_type_is_compared_and_any_other_is_one_line()
    {
        string file = directory.File("a.h5");
        foreach (object number in new object[] { (byte)2, (short)2, 2, 2L })
        {
            Write(number);
            using ISampleSource source = Open();
            Assert.Equal(2, source.Count);
        }

        Write((short)3);
        Assert.Equal($"{file}: the attribute n_examples is 3, the dataset \"data\" has 2 samples", Error(() => Open()));
        Write(2.0f);
        Assert.Equal($"{file}: the attribute n_examples is float32 []; valid: one whole number", Error(() => Open()));
        Write(new int[] { 2, 2 });
        Assert.Equal($"{file}: the attribute n_examples is int32 [2]; valid: one whole number", Error(() => Open()));
        new H5File { ["data"] = new H5Group() }.Write(file);
        Assert.Equal($"{file}: \"data\" is a group; valid: a dataset", Error(() => Open()));

        void Write(object number)
        {
            H5File content = new() { ["data"] = new int[2, 3, 4] };
            content.Attributes["n_examples"] = number;
            content.Write(file);
        }
    }

    [Fact]
    public void A_token_outside_the_vocabulary_is_named_with_its_place()
    {
        Write("a.h5", Samples(3, first: 0));
        using ISampleSource source = Open(vocabulary: 22);
        Assert.Equal(
            $"{directory.File("a.h5")}: sample 2, position 1: label 22 is outside model.vocab_size 22",
            Error(() => Read(source, 2)));
    }

    private static string Error(Func<object> action) => Assert.Throws<DataException>(action).Message;

    private static InputParameters Input(string path) => new()
    {
        DataProcessor = DataProcessor.GptHdf5,
        DataDirectories = [path],
        BatchSize = 1,
        MaxSequenceLength = 4,
    };

    private static int[,,] Samples(int count, int first)
    {
        int[,,] data = new int[count, 3, 4];
        for (int sample = 0; sample < count; sample++)
        {
            for (int t = 0; t < 4; t++)
            {
                data[sample, 0, t] = first + (10 * sample) + t;
                data[sample, 1, t] = t < 3 ? 1 : 0;
                data[sample, 2, t] = first + (10 * sample) + t + 1;
            }
        }

        return data;
    }

    private static (int[] Ids, int[] Mask, int[] Labels) Read(ISampleSource source, int index)
    {
        int[] ids = new int[source.SequenceLength];
        int[] mask = new int[source.SequenceLength];
        int[] labels = new int[source.SequenceLength];
        source.Read(index, ids, mask, labels);
        return (ids, mask, labels);
    }

    private ISampleSource Open(int vocabulary = 256) =>
        SampleSource.Open(Input(directory.Path), DataSplit.Training, vocabulary, directory.File("params.yaml"));

    private void Write(string name, int[,,] data, H5DatasetCreation creation = default, uint samplesInChunk = 1)
    {
        H5File file = new() { ["data"] = new H5Dataset(data, chunks: [samplesInChunk, 3, 4], datasetCreation: creation) };
        file.Attributes["n_examples"] = data.GetLength(0);
        file.Write(directory.File(name));
    }
}
