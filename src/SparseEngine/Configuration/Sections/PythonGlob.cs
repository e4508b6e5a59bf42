using System.Text;
using System.Text.RegularExpressions;

namespace SparseEngine.Configuration.Sections;

/// <summary>Compiles a glob as Python's fnmatch.translate does: it matches a whole name, and * matches dots too.</summary>
internal static class PythonGlob
{
    /// <summary>Compiles a glob: case-sensitive; *, ?, [...] and [!...].</summary>
    public static Regex Compile(string glob)
    {
        StringBuilder pattern = new(@"\A");
        for (int i = 0; i < glob.Length; i++)
        {
            switch (glob[i])
            {
                case '*':
                    pattern.Append(".*");
                    break;
                case '?':
                    pattern.Append('.');
                    break;
                case '[' when EndOfClass(glob, i) is var end and > 0:
                    AppendClass(pattern, glob[(i + 1)..end]);
                    i = end;
                    break;
                default:
                    pattern.Append(Regex.Escape(glob[i].ToString()));
                    break;
            }
        }

        return new Regex(pattern.Append(@"\z").ToString(), RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.Singleline);
    }

    /// <summary>
    /// Where a class of characters ends; 0 where it does not, and the bracket stands for itself. A bracket that comes first is a member.
    /// </summary>
    private static int EndOfClass(string glob, int open)
    {
        int first = open + 1;
        if (first < glob.Length && glob[first] == '!')
        {
            first++;
        }

        return Math.Max(0, first + 1 < glob.Length ? glob.IndexOf(']', first + 1) : -1);
    }

    /// <summary>A class as alternatives of characters and ranges; a range from above to below holds nothing.</summary>
    private static void AppendClass(StringBuilder pattern, string members)
    {
        bool excludes = members[0] == '!';
        StringBuilder set = new();
        for (int i = excludes ? 1 : 0; i < members.Length; i++)
        {
            bool isRange = i + 2 < members.Length && members[i + 1] == '-';
            char last = isRange ? members[i + 2] : members[i];
            if (members[i] <= last)
            {
                set.Append(Escaped(members[i])).Append('-').Append(Escaped(last));
            }

            i += isRange ? 2 : 0;
        }

        pattern.Append(set.Length == 0 ? (excludes ? "." : "[^\\s\\S]") : $"[{(excludes ? "^" : "")}{set}]");
    }

    private static string Escaped(char c) => $"\\u{(int)c:x4}";
}
