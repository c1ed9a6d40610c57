using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using StreamRnn.Nets;

namespace StreamRnn.Tests.Nets;

public class ModelFileTests
{
    private static readonly Dictionary<string, string> Metadata = new() { ["b"] = "zwei", ["a"] = "Grüße \"1\"" };

    [Fact]
    public void WhatIsWrittenIsReadBackBitForBit()
    {
        var layer = new LstmLayer("lstm", 3, 5, new Seeded(1));
        layer.B.Values[0] = -0f;
        layer.B.Values[1] = float.Epsilon;
        var file = ModelFile.Read(new MemoryStream(Bytes(layer.Parameters)));
        Assert.Equal(Metadata.OrderBy(pair => pair.Key), file.Metadata.OrderBy(pair => pair.Key));
        Assert.Equal(["lstm.w (20, 3)", "lstm.u (20, 5)", "lstm.b (20)"], file.Tensors.Select(tensor => tensor.ToString()));
        var copy = new LstmLayer("lstm", 3, 5);
        file.CopyTo(copy.Parameters);
        foreach (var (a, b) in layer.Parameters.Zip(copy.Parameters))
            Assert.Equal(a.Values.Select(BitConverter.SingleToInt32Bits), b.Values.Select(BitConverter.SingleToInt32Bits));
    }

    [Fact]
    public void EqualContentsGiveEqualBytes()
    {
        var reversed = new Dictionary<string, string>();
        foreach (var (key, value) in Metadata.Reverse())
            reversed[key] = value;
        var parameters = new LstmLayer("lstm", 2, 3, new Seeded(1)).Parameters;
        using var stream = new MemoryStream();
        ModelFile.Write(stream, reversed, parameters);
        Assert.Equal(Bytes(parameters), stream.ToArray());
    }

    [Fact]
    public void AnyAlteredByteIsRefused()
    {
        var good = Bytes(new DenseLayer("d", 2, 2, Activation.Tanh, new Seeded(1)).Parameters);
        for (var at = 0; at < good.Length; at++)
            foreach (var flip in new byte[] { 0x01, 0x80, 0xFF })
            {
                var bad = good.ToArray();
                bad[at] ^= flip;
                var message = Assert.Throws<ModelFileException>(() => ModelFile.Read(bad)).Message;
                Assert.True(message.Length > 20, message);
            }
    }

    [Fact]
    public void AFileThatIsCutOffOrTooLongIsRefused()
    {
        var good = Bytes(new DenseLayer("d", 2, 2, Activation.Tanh, new Seeded(1)).Parameters);
        for (var length = 0; length < good.Length; length++)
            Assert.Throws<ModelFileException>(() => ModelFile.Read(good.AsSpan(0, length)));
        Assert.Contains("too long", Refusal([.. good, 0]), StringComparison.Ordinal);
    }

    [Fact]
    public void AnotherKindOfFileAndANewerVersionAreNamedAsSuch()
    {
        Assert.Contains("another kind of file", Refusal(Encoding.UTF8.GetBytes(new string('{', 100))), StringComparison.Ordinal);
        var newer = Bytes([]);
        newer[8] = 2;
        Assert.Contains("format version 2; this program reads version 1", Refusal(newer), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"metadata":{},"tensors":[{"name":"w","shape":[2147483647,2147483647,4]}]}""", "sizes are 1 or more")]
    [InlineData("""{"metadata":{},"tensors":[{"name":"w","shape":[200000000]}]}""", "cut off")]
    [InlineData("""{"metadata":{},"tensors":[{"name":"w","shape":[-1]}]}""", "sizes are 1 or more")]
    [InlineData("""{"metadata":{},"tensors":[{"name":"w","shape":[0]}]}""", "sizes are 1 or more")]
    [InlineData("""{"metadata":{},"tensors":[{"name":"w","shape":[99999999999]}]}""", "header")]
    [InlineData("""{"metadata":{},"tensors":[{"name":"w","shape":[1.5]}]}""", "header")]
    [InlineData("""{"metadata":{},"tensors":[{"name":"","shape":[1]}]}""", "names must be there")]
    [InlineData("""{"metadata":{},"tensors":[{"name":"w","shape":[1]},{"name":"w","shape":[1]}]}""", "unique")]
    [InlineData("""{"metadata":{"a":1},"tensors":[]}""", "header")]
    [InlineData("""{"metadata":{"a":"1","a":"2"},"tensors":[]}""", "twice")]
    [InlineData("""{"tensors":[]}""", "header")]
    [InlineData("""[]""", "header")]
    [InlineData("""{"metadata":{},"tensors":""", "header")]
    public void ABadHeaderUnderAGoodChecksumIsRefusedWithoutALargeAllocation(string header, string expected)
    {
        var file = Sealed(header, new byte[4]);
        Refusal(file); // once, for what the JIT and JSON allocate
        var before = GC.GetAllocatedBytesForCurrentThread();
        var message = Refusal(file);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void WeightsThatAreNotFiniteAreNeitherWrittenNorRead(float value)
    {
        var tensor = new Parameter("w", 3);
        tensor.Values[1] = value;
        using var stream = new MemoryStream();
        Assert.Contains("index 1", Assert.Throws<ArgumentException>(() => ModelFile.Write(stream, Metadata, [tensor])).Message, StringComparison.Ordinal);
        Assert.Equal(0, stream.Length);
        var data = new byte[12];
        BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(4), value);
        Assert.Contains("index 1", Refusal(Sealed("""{"metadata":{},"tensors":[{"name":"w","shape":[3]}]}""", data)), StringComparison.Ordinal);
    }

    [Fact]
    public void WeightsOfAnotherNetAreRefusedAndNothingIsCopied()
    {
        var file = ModelFile.Read(Bytes(new LstmLayer("lstm", 3, 5, new Seeded(1)).Parameters));
        var wider = new LstmLayer("lstm", 3, 6);
        var message = Assert.Throws<ModelFileException>(() => file.CopyTo(wider.Parameters)).Message;
        Assert.Contains("(20, 3) in the file; the net needs (24, 3)", message, StringComparison.Ordinal);

        var partly = new Parameter("lstm.w", 20, 3);
        message = Assert.Throws<ModelFileException>(() => file.CopyTo([partly, new Parameter("lstm.peep", 20)])).Message;
        Assert.Contains("'lstm.peep' is missing", message, StringComparison.Ordinal);
        Assert.All(partly.Values, value => Assert.Equal(0, value));
        Assert.Contains("a, b", Assert.Throws<ModelFileException>(() => file.Require("c")).Message, StringComparison.Ordinal);
    }

    private static byte[] Bytes(IEnumerable<Parameter> tensors)
    {
        using var stream = new MemoryStream();
        ModelFile.Write(stream, Metadata, tensors);
        return stream.ToArray();
    }

    private static string Refusal(byte[] bytes) => Assert.Throws<ModelFileException>(() => ModelFile.Read(bytes)).Message;

    /// <summary>A file whose frame and checksum are right, whatever the header says.</summary>
    private static byte[] Sealed(string header, byte[] data)
    {
        var text = Encoding.UTF8.GetBytes(header);
        byte[] body = [0x89, .. "RNN\r\n"u8, 0x1A, (byte)'\n', 1, 0, 0, 0, .. BitConverter.GetBytes(text.Length), .. text, .. data];
        return [.. body, .. SHA256.HashData(body)];
    }
}
