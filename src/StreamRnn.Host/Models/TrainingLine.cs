using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using StreamRnn.Nets.Training;

namespace StreamRnn.Host.Models;

/// <summary>Progress of training: on a terminal one line that is written over, elsewhere a line every ten seconds and at the end.</summary>
/// <param name="time">What the caller gave; null for no limit.</param>
internal sealed class TrainingLine(InvocationConfiguration console, TrainingPlan plan, TimeSpan? time) : IProgress<TrainingReport>, IDisposable
{
    private readonly bool _live = ReferenceEquals(console.Output, Console.Out) && !Console.IsOutputRedirected;
    private readonly long _began = Stopwatch.GetTimestamp();
    private TimeSpan _told;
    private TrainingReport _last;

    /// <summary>Share of the caller's time that is spent, 0..1.</summary>
    public double Spent() => time is { } limit ? Math.Min(1, Stopwatch.GetElapsedTime(_began) / limit) : 0;

    public void Report(TrainingReport value)
    {
        _last = value;
        var elapsed = Stopwatch.GetElapsedTime(_began);
        if (elapsed - _told < (_live ? TimeSpan.FromMilliseconds(200) : TimeSpan.FromSeconds(10)))
            return;
        _told = elapsed;
        if (_live)
            console.Output.Write($"\r{Within(Of(value, elapsed))}\e[K");
        else
            console.Output.WriteLine(Of(value, elapsed));
        console.Output.Flush();
    }

    public void Dispose()
    {
        if (_last.Epoch > 0)
            console.Output.WriteLine((_live ? "\r\e[K" : "") + Of(_last, Stopwatch.GetElapsedTime(_began)));
    }

    // A line that wraps could not be written over.
    private static string Within(string line) => Console.WindowWidth is > 20 and var width && line.Length >= width ? line[..(width - 1)] : line;

    private string Of(in TrainingReport report, TimeSpan elapsed)
    {
        var culture = CultureInfo.InvariantCulture;
        var share = Math.Max((report.Epoch - 1 + report.Done) / plan.Epochs, Spent());
        var left = share is > 0.001 and < 1 ? string.Create(culture, $"  at most {elapsed * ((1 - share) / share):hh\\:mm\\:ss} left") : "";
        var epochs = plan.Epochs == int.MaxValue ? "" : string.Create(culture, $" of {plan.Epochs}");
        var loss = double.IsNaN(report.Loss) ? "" : string.Create(culture, $"  loss {report.Loss:0.0000}");
        var heldOut = double.IsNaN(report.HeldOut) ? "" : string.Create(culture, $"  held out {report.HeldOut:0.0000} (best {report.Best:0.0000})");
        return string.Create(culture,
            $"epoch {report.Epoch}{epochs}{loss}{heldOut}  {report.Rows / Math.Max(elapsed.TotalSeconds, 1e-3) / 1000:0.0} thousand rows/s  {elapsed:hh\\:mm\\:ss} gone{left}");
    }
}
