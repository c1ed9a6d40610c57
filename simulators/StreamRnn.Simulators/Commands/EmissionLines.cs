using System.Text;
using Microsoft.Win32.SafeHandles;

namespace StreamRnn.Simulators.Commands;

/// <summary>Emissions as lines <c>topic payload</c>. Bytes go out as they are, so that a malformed payload stays malformed.</summary>
internal sealed class EmissionLines : IDisposable
{
    private readonly bool _flushEach;
    private readonly TextWriter? _writer;
    private readonly Stream? _stream;
    private bool _closed;

    public EmissionLines(TextWriter output, bool flushEach)
    {
        _flushEach = flushEach;
        if (ReferenceEquals(output, Console.Out))
            _stream = new BufferedStream(StandardOutput(), 1 << 16);
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

        try
        {
            _stream.Write(Encoding.UTF8.GetBytes(emission.Topic));
            _stream.WriteByte((byte)' ');
            _stream.Write(emission.Payload);
            _stream.WriteByte((byte)'\n');
            if (_flushEach)
                _stream.Flush();
        }
        catch (IOException e)
        {
            _closed = true;
            throw new OutputClosedException(e);
        }
    }

    public void Dispose()
    {
        try
        {
            _stream?.Dispose();
        }
        catch (IOException) when (_closed)
        {
            // What is left in the buffer has no reader; Write has said so already.
        }
    }

    /// <summary>The console's own stream swallows a broken pipe, and `simulate --stdout | head` would go on for ever.</summary>
    private static Stream StandardOutput() =>
        OperatingSystem.IsWindows() ? Console.OpenStandardOutput() : new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
}

/// <summary>Whoever read the standard output has gone, as <c>head</c> does: an end, not an error.</summary>
internal sealed class OutputClosedException(IOException inner) : Exception(inner.Message, inner);
