using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using StreamRnn.Alerts;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Mqtt;

/// <summary>The JSON of what we publish beside alerts.</summary>
internal static class Bodies
{
    public const int LongestDeadLetterPayload = 256;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary><c>{"device":"freezer","phase":"warming-up","seen":9,"needed":50,"since":"2026-…Z","usualIntervals":{"temperature":10}}</c>; seen and needed only while warming up, and
    /// <c>"normal":{"known":1,"suppressed":3,"lastSuppressed":"…"}</c> where something was called normal.</summary>
    public static byte[] State(DeviceState state) => Write(json =>
    {
        json.WriteString("device", state.Device);
        json.WriteString("phase", PhaseName(state.Phase));
        if (state.Phase == Phase.WarmingUp)
        {
            json.WriteNumber("seen", state.Seen);
            json.WriteNumber("needed", state.Needed);
        }

        json.WriteString("since", state.Since.ToString());
        json.WriteStartObject("usualIntervals");
        foreach (var (channel, seconds) in state.UsualIntervals)
            Number(json, channel, seconds);
        json.WriteEndObject();
        if (state.Normal is not { } normal)
            return;
        json.WriteStartObject("normal");
        json.WriteNumber("known", normal.Known);
        json.WriteNumber("suppressed", normal.Suppressed);
        if (normal.LastSuppressed is { } last)
            json.WriteString("lastSuppressed", last.ToString());
        json.WriteEndObject();
    });

    /// <summary><c>{"done":true,"message":"…","device":"freezer"}</c>; to a list also what is called normal.</summary>
    public static byte[] Reply(CommandReply reply) => Write(json =>
    {
        json.WriteBoolean("done", reply.Done);
        json.WriteString("message", reply.Message);
        if (reply.Device is { } device)
            json.WriteString("device", device);
        if (reply.Command is not ListNormal)
            return;
        json.WriteStartArray("normal");
        foreach (var known in reply.Normals)
        {
            json.WriteStartObject();
            json.WriteString("alertId", known.Id);
            json.WriteString("device", known.Device);
            if (known.Channel is { } channel)
                json.WriteString("channel", channel);
            json.WriteString("kind", AlertWords.Of(known.Kind));
            json.WriteString("since", known.Since.ToString());
            if (known.Until is { } until)
                json.WriteString("until", until.ToString());
            json.WriteNumber("suppressed", known.Suppressed);
            if (known.LastSuppressed is { } last)
                json.WriteString("lastSuppressed", last.ToString());
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    /// <summary>Score, value, expected, lower, upper, threshold, phase, time. What is not known yet is left out.</summary>
    public static byte[] Score(in ScoredSample sample)
    {
        var s = sample;
        return Write(json =>
        {
            json.WriteString("time", s.Time.ToString());
            Number(json, "score", s.Score);
            Number(json, "threshold", s.Threshold);
            Number(json, "value", s.Value);
            Number(json, "expected", s.Expected);
            Number(json, "lower", s.Lower);
            Number(json, "upper", s.Upper);
            json.WriteString("phase", PhaseName(s.Phase));
        });
    }

    /// <summary>
    /// Topic, reason, message, offset, time, bytes, suppressed (bad payloads since the last dead letter that were not shown), and the payload's beginning: as <c>payload</c> where it is text,
    /// else as <c>payloadBase64</c>.
    /// </summary>
    public static byte[] DeadLetter(ReadOnlySpan<byte> payload, in DecodeFailure failure, Instant now, long suppressed)
    {
        var start = payload[..Math.Min(payload.Length, LongestDeadLetterPayload)].ToArray();
        var (why, bytes) = (failure, payload.Length);
        return Write(json =>
        {
            json.WriteString("topic", why.Topic);
            json.WriteString("reason", why.Reason);
            json.WriteString("message", why.Message);
            if (why.Offset >= 0)
                json.WriteNumber("offset", why.Offset);
            json.WriteString("time", now.ToString());
            json.WriteNumber("bytes", bytes);
            json.WriteNumber("suppressed", suppressed);
            if (start.AsSpan().IndexOfAnyExceptInRange((byte)0x20, (byte)0x7E) < 0)
                json.WriteString("payload", start);
            else
                json.WriteBase64String("payloadBase64", start);
        });
    }

    public static string PhaseName(Phase phase) => phase switch
    {
        Phase.WarmingUp => "warming-up",
        Phase.Ready => "ready",
        Phase.Alerting => "alerting",
        _ => "silent",
    };

    private static void Number(Utf8JsonWriter json, string name, double number)
    {
        if (double.IsFinite(number))
            json.WriteNumber(name, number);
    }

    private static byte[] Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}

/// <summary>Lets some through at once, then so many a second; counts the others. Not safe for several threads.</summary>
internal sealed class Sampler(TimeProvider clock, int burst, double perSecond)
{
    private double _tokens = burst;
    private long _last = clock.GetTimestamp();

    /// <summary>How many were held back since the last that was let through.</summary>
    public long Suppressed { get; private set; }

    public bool TryTake(out long suppressed)
    {
        var now = clock.GetTimestamp();
        _tokens = Math.Min(burst, _tokens + (clock.GetElapsedTime(_last, now).TotalSeconds * perSecond));
        _last = now;
        suppressed = Suppressed;
        if (_tokens < 1)
        {
            Suppressed++;
            return false;
        }

        _tokens--;
        Suppressed = 0;
        return true;
    }
}
