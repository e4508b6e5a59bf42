using System.Text;

namespace SparseEngine.Checkpoints;

/// <summary>What people have under a checkpoint's name that is none: told by the first bytes, with what to do about it.</summary>
internal static class ForeignFile
{
    // The "ustar" of a tar archive is the last that is looked at.
    private const int Looked = 512;

    // Answers of servers are this short; beyond it, a text says nothing.
    private const int LongestQuote = 120;

    private static readonly (byte[] Start, string What)[] Signatures =
    [
        ([.. "version https://git-lfs"u8], "a Git LFS pointer, which stands for the file; fetch the file itself with: git lfs pull"),
        ([.. "PK\x03\x04"u8], "a zip archive, as torch.save writes (.pt, .pth, .bin)"),
        ([0x80, 0x02], Pickle),
        ([0x80, 0x03], Pickle),
        ([0x80, 0x04], Pickle),
        ([0x80, 0x05], Pickle),
        ([.. "GGUF"u8], "a GGUF file of llama.cpp; valid: the .safetensors that it was made of"),
        ([0x93, .. "NUMPY"u8], "one array of numpy (.npy); write it as .safetensors with save_file of safetensors.numpy"),
        ([0x1F, 0x8B], "something compressed with gzip; unpack it first"),
        ([0x28, 0xB5, 0x2F, 0xFD], "something compressed with zstd; unpack it first"),
        ([0xFF, 0xFE], Utf16),
        ([0xFE, 0xFF], Utf16),
    ];

    private const string Pickle = "a pickle of Python, as older versions of torch.save write (.pt, .pth, .bin)";

    private const string Utf16 = "a text in UTF-16; valid: UTF-8";

    /// <summary>What a file is in place of what it should be, and what to do about it; null where its first bytes tell nothing.</summary>
    public static string? Describe(string path)
    {
        byte[] start = new byte[Looked];
        try
        {
            using FileStream file = File.OpenRead(path);
            return Describe(start.AsSpan(0, file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Whoever reads the file itself says so.
            return null;
        }
    }

    /// <summary>A text in quotation marks, its beginning where it is long.</summary>
    public static string Quote(string text) => $"\"{(text.Length > LongestQuote ? $"{text[..LongestQuote]}..." : text)}\"";

    private static string? Describe(ReadOnlySpan<byte> start)
    {
        if (start.IsEmpty)
        {
            return "an empty file";
        }

        if (start.Length == Looked && !start.ContainsAnyExcept((byte)0))
        {
            return "zeros at its start, as a download or a copy that broke off leaves them; fetch it again";
        }

        foreach ((byte[] signature, string description) in Signatures)
        {
            if (start.StartsWith(signature))
            {
                return description;
            }
        }

        return start.Length <= 262 || !start[257..262].SequenceEqual("ustar"u8) ? DescribeText(start)
            : start.StartsWith("sys_info\0"u8) || start.StartsWith("pickle\0"u8)
            ? "a tar archive, as torch.save wrote before PyTorch 0.2; load it there, or in a later version, and save it anew"
            : "a tar archive; unpack it first";
    }

    private static string? DescribeText(ReadOnlySpan<byte> start)
    {
        string text = Encoding.UTF8.GetString(start).Trim('\uFEFF', ' ', '\t', '\r', '\n');
        return text.Length == 0 || text.Any(character => char.IsControl(character) && !char.IsWhiteSpace(character)) ? null
            : text.StartsWith('<') ? $"{(IsHtml(text) ? "an HTML page" : "an XML text")}, a server's answer in place of the file; download it again"
            : text[0] is '{' or '[' ? null
            : start.Length < Looked && !text.Contains('\uFFFD', StringComparison.Ordinal) ? $"a text, {Quote(text)}"
            : null;
    }

    private static bool IsHtml(string text) =>
        text.Contains("<html", StringComparison.OrdinalIgnoreCase) || text.Contains("<!doctype html", StringComparison.OrdinalIgnoreCase);
}
