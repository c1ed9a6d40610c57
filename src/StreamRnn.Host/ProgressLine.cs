using System.Diagnostics;
using System.Globalization;

namespace StreamRnn.Host;

/// <summary>Progress of long work on standard error: on a terminal one line that is written over, from the second second on; silent where redirected.</summary>
internal sealed class ProgressLine(TextWriter error, string what, Func<double> done) : IDisposable
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    private readonly bool _silent = !ReferenceEquals(error, Console.Error) || Console.IsErrorRedirected;
    private readonly long _began = Stopwatch.GetTimestamp();
    private long _shown = Stopwatch.GetTimestamp();
    private int _calls;
    private bool _visible;

    /// <summary>Cheap; called as often as there is progress.</summary>
    /// <param name="always">For rare, long steps: looks at the clock at every call.</param>
    public void Show(bool always = false)
    {
        if (_silent || (++_calls % 64 != 0 && !always) || Stopwatch.GetElapsedTime(_began) < First || Stopwatch.GetElapsedTime(_shown) < Every)
            return;
        var share = done();
        var left = share > .02 ? Stopwatch.GetElapsedTime(_began) * ((1 - share) / share) : TimeSpan.Zero;
        error.Write(string.Create(CultureInfo.InvariantCulture, $"\r{what}: {share:P0}{(left > First ? $", {left.TotalSeconds:0} s left" : "")}\e[K"));
        (_shown, _visible) = (Stopwatch.GetTimestamp(), true);
    }

    /// <summary>Makes room for a line of output.</summary>
    public void Clear()
    {
        if (!_visible)
            return;
        error.Write("\r\e[K");
        _visible = false;
    }

    public void Dispose() => Clear();
}
