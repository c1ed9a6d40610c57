using System.Runtime.InteropServices;

namespace StreamRnn.Host;

/// <summary>Ctrl-C, or being told to terminate: the first asks for a clean stop, a second one ends the process at once.</summary>
internal sealed class Interrupt : IDisposable
{
    private readonly CancellationTokenSource _asked = new();
    private readonly PosixSignalRegistration[] _signals;
    private int _signalled;

    public Interrupt() => _signals = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT }.Select(s => PosixSignalRegistration.Create(s, Ask))];

    public CancellationToken Token => _asked.Token;

    private void Ask(PosixSignalContext signal)
    {
        if (Interlocked.Exchange(ref _signalled, 1) == 1)
            return;                              // the default action: the end
        signal.Cancel = true;
        // Not on the signal's own thread: what hangs on the token may take its time, and a second signal must get through. Nor on the pool's: it may be busy with the very work that is to stop.
        new Thread(_asked.Cancel) { IsBackground = true, Name = "interrupt" }.Start();
    }

    public void Dispose()
    {
        foreach (var signal in _signals)
            signal.Dispose();
        _asked.Dispose();
    }
}
