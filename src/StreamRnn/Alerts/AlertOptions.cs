using System.Globalization;

namespace StreamRnn.Alerts;

/// <summary>Section <c>StreamRnn:Alerts</c>: how an alert opens, tells and ends. Nothing here has to be set.</summary>
public sealed record AlertOptions
{
    /// <summary>How many of the last <see cref="OpenWithin"/> readings must be anomalous for an alert to open (K of N). Range 1 to OpenWithin, default 1.</summary>
    public int OpenAfter { get; init; } = 1;

    /// <summary>The N of K of N, readings. Range 1 to 64, default 1.</summary>
    public int OpenWithin { get; init; } = 1;

    /// <summary>Hysteresis: an open alert counts a reading as calm when its rarity is below this fraction of the threshold at which it opened. Range 0.1 to 1, default 0.5.</summary>
    public double ResolveBelow { get; init; } = 0.5;

    /// <summary>How many calm readings in a row resolve an alert. Range 1 to 1000, default 10. Silence does not wait: the next reading ends it.</summary>
    public int HoldReadings { get; init; } = 10;

    /// <summary>
    /// Shortest event time between an alert's events when its severity does not rise. Each update doubles it, up to a day, so that a long incident is a few
    /// updates. Range 1 s to 7 d, default 5 min.
    /// </summary>
    public TimeSpan UpdateInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>After so many readings an open alert resolves as adopted: what it shows is the normal now. Range 10 to 1,000,000, default 100. Not for silence.</summary>
    public int LongestReadings { get; init; } = 100;

    /// <summary>
    /// An alert that opens within this event time after the one before it resolved is flapping: it must be calm twice as long as its forerunner before it
    /// resolves, and sends updates only when its severity rises. Range 0 (never flapping) to 7 d, default 1 h.
    /// </summary>
    public TimeSpan FlapWindow { get; init; } = TimeSpan.FromHours(1);

    /// <summary>What is published: <c>cloudevents</c> (CloudEvents 1.0 in structured JSON, default) or <c>plain</c> (its data alone).</summary>
    public string Format { get; init; } = "cloudevents";

    /// <summary>One sentence for each value that is out of range: the key, what was found, what is allowed. Empty when all is well.</summary>
    public IEnumerable<string> Problems()
    {
        if (Format is not ("cloudevents" or "plain"))
            yield return $"StreamRnn:Alerts:Format is '{Format}'; allowed is cloudevents or plain";
        if (OpenWithin is < 1 or > 64)
            yield return Problem(nameof(OpenWithin), OpenWithin, "1 to 64 readings");
        if (OpenAfter < 1 || OpenAfter > OpenWithin)
            yield return Problem(nameof(OpenAfter), OpenAfter, "1 to OpenWithin readings");
        if (!(ResolveBelow is >= 0.1 and <= 1))
            yield return Problem(nameof(ResolveBelow), ResolveBelow, "0.1 to 1");
        if (HoldReadings is < 1 or > 1000)
            yield return Problem(nameof(HoldReadings), HoldReadings, "1 to 1000 readings");
        if (UpdateInterval < TimeSpan.FromSeconds(1) || UpdateInterval > TimeSpan.FromDays(7))
            yield return Problem(nameof(UpdateInterval), UpdateInterval, "00:00:01 to 7.00:00:00");
        if (LongestReadings is < 10 or > 1_000_000)
            yield return Problem(nameof(LongestReadings), LongestReadings, "10 to 1000000 readings");
        if (FlapWindow < TimeSpan.Zero || FlapWindow > TimeSpan.FromDays(7))
            yield return Problem(nameof(FlapWindow), FlapWindow, "00:00:00 to 7.00:00:00");
    }

    private static string Problem(string key, IFormattable found, string allowed) =>
        $"StreamRnn:Alerts:{key} is '{found.ToString(null, CultureInfo.InvariantCulture)}'; allowed is {allowed}";
}
