using System.Text;

namespace StreamRnn.Simulators.Commands;

/// <summary>Emissions as lines <c>topic payload</c>. Bytes go out as they are, so that a malformed payload stays malformed.</summary>
internal sealed class EmissionLines : IDisposable
{
    private readonly bool _flushEach;
    private readonly TextWriter? _writer;
    private readonly Stream? _stream;

    public EmissionLines(TextWriter output, bool flushEach)
    {
        _flushEach = flushEach;
        if (ReferenceEquals(output, Console.Out))
            _stream = new BufferedStream(Console.OpenStandardOutput(), 1 << 16);
        else
            _writer = output;
    }

    public void Write(Emission emission)
    {
        if (_stream is null)
        {
            _writer!.Write($"{emission.Topic} {Encoding.UTF8.GetString(emission.Payload)}\n");
            return;
        }

        _stream.Write(Encoding.UTF8.GetBytes(emission.Topic));
        _stream.WriteByte((byte)' ');
        _stream.Write(emission.Payload);
        _stream.WriteByte((byte)'\n');
        if (_flushEach)
            _stream.Flush();
    }

    public void Dispose() => _stream?.Dispose();
}
