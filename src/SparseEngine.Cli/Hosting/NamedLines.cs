using System.Text;

namespace SparseEngine.Cli.Hosting;

/// <summary>Lines that begin with the name of who writes them, each written at once: others write to the same place.</summary>
internal sealed class NamedLines(TextWriter target, string name) : TextWriter
{
    private readonly StringBuilder line = new();

    public override Encoding Encoding => target.Encoding;

    public override void Write(char value)
    {
        if (value != '\n')
        {
            line.Append(value);
            return;
        }

        target.WriteLine($"{name}: {line.ToString().TrimEnd('\r')}");
        line.Clear();
    }
}
