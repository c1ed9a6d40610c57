using StreamRnn.Nets;

namespace StreamRnn.Host.Samples;

/// <summary>
/// Numerals 0 to 9 as pictures of 28 x 28, drawn from a seed: strokes of the ten, some of them in two ways, bent a little, turned, slanted, scaled, shifted, thick or thin, with noise.
/// </summary>
internal static class Numerals
{
    public const int Side = 28;
    public const int Pixels = Side * Side;

    /// <summary>Beyond any stroke's thickness.</summary>
    private const double Far = 3;

    /// <summary>A numeral, any of the ten as often, and its picture: (28, 28) row by row from the top, 0 paper to 1 ink.</summary>
    public static (int Numeral, float[] Picture) Draw(Seeded seeded)
    {
        var numeral = seeded.Next(10);
        return (numeral, Draw(numeral, seeded));
    }

    public static float[] Draw(int numeral, Seeded seeded)
    {
        var ways = s_ways[numeral];
        var strokes = ways[seeded.Next(ways.Length)];
        var (turn, slant) = (0.22 * seeded.NextNormal(), 0.26 * seeded.NextNormal());
        var (height, width) = (seeded.NextDouble(6.5, 10), seeded.NextDouble(0.75, 1.25));
        var (right, down) = (Side / 2 + seeded.NextDouble(-3.5, 3.5), Side / 2 + seeded.NextDouble(-3.5, 3.5));
        var (thickness, ink, noise) = (seeded.NextDouble(0.6, 1.8), seeded.NextDouble(0.6, 1), seeded.NextDouble(0.05, 0.25));
        var (bendX, bendY) = (Bend(seeded), Bend(seeded));
        var (cos, sin) = (Math.Cos(turn), Math.Sin(turn));
        Span<double> distances = stackalloc double[Pixels]; // to the nearest stroke, squared; far is far
        distances.Fill(Far * Far);
        foreach (var stroke in strokes)
            for (var n = 1; n < stroke.Length; n++)
                Near(Place(stroke[n - 1]), Place(stroke[n]), distances);
        var picture = new float[Pixels];
        for (var n = 0; n < Pixels; n++)
            picture[n] = (float)Math.Clamp((ink * Math.Clamp(thickness + 0.5 - Math.Sqrt(distances[n]), 0, 1)) + (noise * seeded.NextNormal()), 0, 1);
        return picture;

        (double X, double Y) Place((double X, double Y) p)
        {
            var (x, y) = (p.X + bendX(p.Y), p.Y + bendY(p.X));
            x = (x + (slant * -y)) * width;
            return (right + (height * ((cos * x) - (sin * y))), down + (height * ((sin * x) + (cos * y))));
        }
    }

    /// <summary>Pictures side by side as text: 28 columns and 14 lines each, two rows of the picture a line.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<float[]> pictures)
    {
        const string Shades = " .:+*#";
        for (var y = 0; y < Side; y += 2)
            yield return string.Join("  ", pictures.Select(picture => string.Concat(Enumerable.Range(0, Side).Select(x =>
                Shades[(int)Math.Min(Shades.Length - 1, (picture[(y * Side) + x] + picture[((y + 1) * Side) + x]) / 2 * Shades.Length)])))).TrimEnd();
    }

    private static Func<double, double> Bend(Seeded seeded)
    {
        var (size, pace, phase) = (0.1 * seeded.NextNormal(), seeded.NextDouble(1, 3), seeded.NextDouble(0, 2 * Math.PI));
        return at => size * Math.Sin((pace * at) + phase);
    }

    /// <summary>Lowers the distances of the pixels near a line from a to b to their squared distance from it.</summary>
    private static void Near((double X, double Y) a, (double X, double Y) b, Span<double> distances)
    {
        var (dx, dy) = (b.X - a.X, b.Y - a.Y);
        var length = Math.Max(1e-9, (dx * dx) + (dy * dy));
        var (left, right) = ((int)Math.Max(0, Math.Min(a.X, b.X) - Far), (int)Math.Min(Side - 1, Math.Max(a.X, b.X) + Far));
        var (top, bottom) = ((int)Math.Max(0, Math.Min(a.Y, b.Y) - Far), (int)Math.Min(Side - 1, Math.Max(a.Y, b.Y) + Far));
        for (var y = top; y <= bottom; y++)
            for (var x = left; x <= right; x++)
            {
                var (px, py) = (x + 0.5 - a.X, y + 0.5 - a.Y);
                var at = Math.Clamp(((px * dx) + (py * dy)) / length, 0, 1);
                var (ex, ey) = (px - (at * dx), py - (at * dy));
                ref var distance = ref distances[(y * Side) + x];
                distance = Math.Min(distance, (ex * ex) + (ey * ey));
            }
    }

    private static (double X, double Y)[] Line(params (double X, double Y)[] points) => points;

    /// <summary>A piece of an ellipse; degrees clockwise from the right, for y points down.</summary>
    private static (double X, double Y)[] Arc(double x, double y, double width, double height, double from, double to) =>
        [.. Enumerable.Range(0, 19).Select(n => (from + ((to - from) * n / 18)) * Math.PI / 180).Select(a => (x + (width * Math.Cos(a)), y + (height * Math.Sin(a))))];

    // By numeral the ways to draw it, each some strokes; from −1 at the top to 1 at the bottom.
    private static readonly (double X, double Y)[][][][] s_ways =
    [
        [[Arc(0, 0, 0.58, 1, 0, 360)]],
        [[Line((-0.3, -0.6), (0.05, -1), (0.05, 1))], [Line((-0.3, -0.6), (0.05, -1), (0.05, 1)), Line((-0.35, 1), (0.45, 1))]],
        [[Arc(0, -0.45, 0.55, 0.55, 190, 390), Line((0.48, -0.18), (-0.58, 1), (0.6, 1))]],
        [[Arc(0, -0.5, 0.5, 0.5, 200, 450), Arc(0, 0.5, 0.56, 0.5, 270, 520)], [Line((-0.45, -1), (0.5, -1), (-0.05, -0.15)), Arc(0, 0.42, 0.56, 0.58, 262, 520)]],
        [[Line((0.2, -1), (-0.6, 0.35), (0.6, 0.35)), Line((0.2, -1), (0.2, 1))], [Line((-0.3, -1), (-0.55, 0.2), (0.6, 0.2)), Line((0.35, -0.5), (0.3, 1))]],
        [[Line((0.5, -1), (-0.4, -1), (-0.45, -0.08)), Arc(0, 0.36, 0.55, 0.62, 225, 500)]],
        [[Arc(0.45, 0.42, 1, 1.4, 180, 258), Arc(0, 0.45, 0.55, 0.55, 0, 360)]],
        [[Line((-0.55, -1), (0.55, -1), (-0.15, 1))], [Line((-0.55, -1), (0.55, -1), (-0.15, 1)), Line((-0.2, 0), (0.45, 0))]],
        [[Arc(0, -0.5, 0.45, 0.5, 0, 360), Arc(0, 0.5, 0.56, 0.5, 0, 360)]],
        [[Arc(0, -0.45, 0.52, 0.55, 0, 360), Line((0.52, -0.45), (0.35, 1))], [Arc(0, -0.45, 0.52, 0.55, 0, 360), Arc(-0.48, -0.42, 1, 1.4, 0, 68)]],
    ];
}
