using System.Diagnostics;
using System.Globalization;
using StreamRnn.Nets;

namespace StreamRnn.Tests.Fuzzing;

/// <summary>
/// A small mutational fuzzer: takes inputs of a corpus, damages them by a seed, and watches that the target neither throws nor hangs. Bounded by a count of inputs, so that the same seed does the same
/// on every machine. A target is told bytes, and throws only what it is allowed to.
/// </summary>
internal static class Fuzzer
{
    private const int LongestInput = 64 << 10;
    private static readonly byte[][] Interesting =
    [
        [0], [0xFF], [0x7F, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0x7F], [0x80, 0x80, 0x80, 0x80, 0x80], "\""u8.ToArray(), "\\u"u8.ToArray(), "\\ud800"u8.ToArray(), "{"u8.ToArray(), "["u8.ToArray(),
        "]"u8.ToArray(), "}"u8.ToArray(), ","u8.ToArray(), ":"u8.ToArray(), "1e999"u8.ToArray(), "-"u8.ToArray(), "NaN"u8.ToArray(), "\r\n"u8.ToArray(), [0xEF, 0xBB, 0xBF], "9999999999999999999"u8.ToArray(),
        "+"u8.ToArray(), "#"u8.ToArray(), "/"u8.ToArray(), "{device}"u8.ToArray(), "null"u8.ToArray(),
    ];

    /// <summary>From the environment: how many times as many inputs as in CI, and the first seed.</summary>
    private static readonly int Times = Number("STREAMRNN_FUZZ_TIMES", 1);
    private static readonly int FirstSeed = Number("STREAMRNN_FUZZ_SEED", 1);

    /// <param name="target">Throws where the input did harm.</param>
    /// <param name="inputs">How many, in CI.</param>
    /// <exception cref="FuzzException">With the seed, the input in hexadecimal and what it did.</exception>
    public static void Run(IReadOnlyList<byte[]> corpus, Action<byte[]> target, int inputs)
    {
        foreach (var input in corpus)
            Try(input, -1, target);
        for (var seed = FirstSeed; seed < FirstSeed + ((long)inputs * Times); seed++)
            Try(Damaged(corpus, (ulong)seed), seed, target);
    }

    private static void Try(byte[] input, int seed, Action<byte[]> target)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            target(input);
        }
#pragma warning disable CA1031 // any exception is what we look for
        catch (Exception e)
#pragma warning restore CA1031
        {
            throw new FuzzException($"{(seed < 0 ? "an input of the corpus" : $"seed {seed} (STREAMRNN_FUZZ_SEED={seed})")} ended in {e.GetType().Name}: {e.Message}\ninput, {input.Length} bytes: {Convert.ToHexString(input)}", e);
        }

        // No law about speed: only what takes as long as a hang does.
        if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(30))
            throw new FuzzException($"seed {seed} (STREAMRNN_FUZZ_SEED={seed}) took {Stopwatch.GetElapsedTime(began)}\ninput, {input.Length} bytes: {Convert.ToHexString(input)}", null);
    }

    private static byte[] Damaged(IReadOnlyList<byte[]> corpus, ulong seed)
    {
        var random = new Seeded(seed);
        var bytes = corpus[Below(corpus.Count)].ToList();
        for (var changes = 1 + Below(6); changes > 0; changes--)
        {
            var at = Below(bytes.Count + 1);
            var length = Math.Min(1 + Below(8), bytes.Count - at);
            switch (Below(8))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << Below(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = (byte)Below(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, length);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 4:
                    bytes.InsertRange(at, Interesting[Below(Interesting.Length)]);
                    break;
                case 5:
                    bytes.RemoveRange(at, bytes.Count - at);                                    // cut off
                    break;
                case 6:
                    var other = corpus[Below(corpus.Count)];
                    var from = Below(other.Length + 1);
                    bytes.InsertRange(at, other.AsSpan(from, Math.Min(other.Length - from, Below(64))));
                    break;
                default:
                    var piece = Interesting[Below(Interesting.Length)];
                    for (var i = 0; i < piece.Length && at + i < bytes.Count; i++)
                        bytes[at + i] = piece[i];
                    break;
            }

            if (bytes.Count > LongestInput)
                bytes.RemoveRange(LongestInput, bytes.Count - LongestInput);
        }

        return [.. bytes];

        int Below(int end) => random.Next(Math.Max(1, end));
    }

    private static int Number(string name, int usual) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : usual;
}

internal sealed class FuzzException(string message, Exception? cause) : Exception(message, cause);
