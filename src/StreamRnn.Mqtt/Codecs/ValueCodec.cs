using System.Buffers.Text;
using System.Text;

namespace StreamRnn.Mqtt;

/// <summary>A bare value: a number in invariant culture, or true, false, on, off (1 and 0). White space around it does not matter.</summary>
public static class ValueCodec
{
    private const int Quoted = 40;

    /// <summary>One row with one value, under the empty name. Any bytes give that or a fault, never an exception.</summary>
    public static Fault? Decode(ReadOnlySpan<byte> payload, PayloadRows rows)
    {
        rows.Clear();
        var text = payload.Trim(" \t\r\n"u8);
        if (text.IsEmpty)
            return new Fault(Reasons.Empty, "the payload is empty; expected a number such as 21.5", 0);
        if (!TryParse(text, out var number))
            return new Fault(Reasons.NotANumber, $"'{Quote(text)}' is not a number; expected one such as 21.5 (a point for the decimals), true, false, on or off", 0);
        if (!double.IsFinite(number))
            return new Fault(Reasons.NotFinite, $"'{Quote(text)}' is not a finite number", 0);
        rows.Begin();
        rows.Add([], number);
        return null;
    }

    private static bool TryParse(ReadOnlySpan<byte> text, out double number)
    {
        if (Utf8Parser.TryParse(text, out number, out var consumed) && consumed == text.Length)
            return true;
        number = Ascii.EqualsIgnoreCase(text, "true") || Ascii.EqualsIgnoreCase(text, "on") ? 1 : 0;
        return number == 1 || Ascii.EqualsIgnoreCase(text, "false") || Ascii.EqualsIgnoreCase(text, "off");
    }

    private static string Quote(ReadOnlySpan<byte> text) =>
        Encoding.UTF8.GetString(text[..Math.Min(Quoted, text.Length)]) + (text.Length > Quoted ? "…" : "");
}
