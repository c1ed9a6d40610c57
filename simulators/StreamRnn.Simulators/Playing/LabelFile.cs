using System.Text;

namespace StreamRnn.Simulators.Playing;

/// <summary>Ground truth as JSON lines: one <see cref="Label"/> a line, written when its fault starts.</summary>
public sealed class LabelFile : IDisposable
{
    private readonly StreamWriter _lines;

    /// <exception cref="IOException">The file cannot be written.</exception>
    public LabelFile(string path) => _lines = new StreamWriter(path, append: false, new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\n" };

    public void Write(Emission emission)
    {
        if (emission is { Label: { } label, Edge: LabelEdge.Start })
            _lines.WriteLine(label.ToJson());
    }

    public static IReadOnlyList<Label> Read(string path) => [.. File.ReadLines(path).Where(l => l.Length > 0).Select(Label.Parse)];

    public void Dispose() => _lines.Dispose();
}
