using System.Buffers;
using System.Text;
using StreamRnn.Alerts;

namespace StreamRnn.Tests.Alerts;

internal static class Json
{
    public static byte[] Cloud(AlertEvent e)
    {
        var buffer = new ArrayBufferWriter<byte>();
        CloudEvent.Write(e, buffer, "streamrnn");
        return buffer.WrittenSpan.ToArray();
    }

    public static byte[] Plain(AlertEvent e)
    {
        var buffer = new ArrayBufferWriter<byte>();
        AlertJson.WriteData(e, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    public static string Text(AlertEvent e) => Encoding.UTF8.GetString(Cloud(e));
}
