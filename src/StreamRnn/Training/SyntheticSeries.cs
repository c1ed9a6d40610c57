using StreamRnn.Nets;

namespace StreamRnn.Training;

/// <summary>
/// The corpus that the base model is trained on: endless, seeded, and made of what telemetry is made of — daily and weekly shapes, other periods, heartbeat-like
/// pulses, autoregressive and wandering parts, states, bursts, counters, quantisation, gaps, irregular time. No real series is in it.
/// One series is drawn by choosing its parts; the odds are written beside each part.
/// </summary>
public sealed class SyntheticSeries
{
    private const double Day = 86_400;
    private readonly double[] _values;
    private readonly long[] _times;

    private SyntheticSeries(double[] values, long[] times) => (_values, _times) = (values, times);

    public ReadOnlySpan<double> Values => _values;

    /// <summary>Event times, µs since 1970, not falling.</summary>
    public ReadOnlySpan<long> Times => _times;

    public static SyntheticSeries Draw(Seeded random, int length)
    {
        var dt = Math.Exp(random.NextDouble(0, Math.Log(3600)));            // 1 s to 1 h
        if (random.Chance(0.5))
            dt = Pick(random, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600);
        var start = random.NextDouble(1.4e9, 1.9e9);
        var times = IrregularTimes(random, length, dt, start);
        var x = new double[length];

        if (random.Chance(0.65))
            AddDaily(random, x, times);
        if (random.Chance(0.4))
            AddPeriod(random, x, Math.Exp(random.NextDouble(Math.Log(3), Math.Log(400))), random.NextDouble(0.2, 2));
        if (random.Chance(0.1))
            AddPeriod(random, x, Math.Exp(random.NextDouble(Math.Log(3), Math.Log(60))), random.NextDouble(0.2, 1));
        if (random.Chance(0.12))
            AddHeartbeat(random, x);
        if (random.Chance(0.35))
            AddAutoregressive(random, x, random.NextDouble(0.3, 0.99), 0, random.NextDouble(0.05, 1));
        if (random.Chance(0.15))
            AddAutoregressive(random, x, 1, 0, Math.Exp(random.NextDouble(Math.Log(0.003), Math.Log(0.3))));
        if (random.Chance(0.10))
        {
            // Two complex poles of radius r and period P: a resonance that keeps losing its phase.
            var r = random.NextDouble(0.85, 0.995);
            var w = 2 * Math.PI / random.NextDouble(4, 60);
            AddAutoregressive(random, x, 2 * r * Math.Cos(w), -r * r, random.NextDouble(0.05, 0.4));
        }

        if (random.Chance(0.08))
            AddStates(random, x);
        if (random.Chance(0.15))
            AddTrend(random, x);
        if (random.Chance(0.2))
            AddLevelShifts(random, x);
        if (random.Chance(0.12))
            AddPulses(random, x);
        AddNoise(random, x);
        if (random.Chance(0.35))
            AddBursts(random, x);
        return new SyntheticSeries(Finish(random, x), times);
    }

    private static long[] IrregularTimes(Seeded random, int length, double dt, double start)
    {
        var times = new long[length];
        var jitter = random.Chance(0.15) ? random.NextDouble(0.01, 0.6) : 0;
        var poisson = random.Chance(0.05);                                // events rather than samples
        var gaps = random.Chance(0.15) ? random.NextDouble(0.0005, 0.01) : 0;
        var t = start;
        for (var i = 0; i < length; i++)
        {
            times[i] = (long)(t * 1e6);
            var step = poisson ? dt * random.NextExponential() : dt * (1 + (jitter * (random.NextDouble() - 0.5)));
            if (gaps > 0 && random.Chance(gaps))
                step += dt * Math.Exp(random.NextDouble(0, 6));
            t += step;
        }

        return times;
    }

    private static void AddDaily(Seeded random, double[] x, long[] times)
    {
        var amplitude = random.NextDouble(0.3, 2);
        var shape = random.Next(6);
        var phase = random.NextDouble();
        var width = random.NextDouble(0.05, 0.4);
        var second = random.NextDouble(0, 1);
        var third = random.NextDouble(0, 0.6);
        var weekend = random.Chance(0.4) ? random.NextDouble(0, 0.9) : 1;
        var weekendStart = random.Next(7);
        for (var i = 0; i < x.Length; i++)
        {
            var seconds = times[i] / 1e6;
            var day = (seconds / Day) + phase;
            var u = day - Math.Floor(day);
            var value = shape switch
            {
                0 => Math.Sin(2 * Math.PI * u),
                1 => Math.Sin(2 * Math.PI * u) + (second * Math.Sin((4 * Math.PI * u) + (6 * third))) + (third * Math.Sin((6 * Math.PI * u) + (6 * second))),
                2 => u < width ? 1 : -0.3,
                3 => (2 * u) - 1,
                4 => Math.Exp(-Square((u - 0.35) / (0.3 * width))) + (second * Math.Exp(-Square((u - 0.75) / (0.4 * width)))),
                _ => Math.Tanh(6 * Math.Sin(2 * Math.PI * u)),
            };
            var weekday = (int)((long)Math.Floor(seconds / Day) % 7);
            x[i] += amplitude * value * ((weekday - weekendStart + 7) % 7 < 2 ? weekend : 1);
        }
    }

    private static void AddPeriod(Seeded random, double[] x, double period, double amplitude)
    {
        var shape = random.Next(5);
        var phase = random.NextDouble();
        var drift = random.Chance(0.3) ? random.NextDouble(0, 0.03) : 0;
        var width = random.NextDouble(0.1, 0.9);
        var second = random.NextDouble(0, 1);
        for (var i = 0; i < x.Length; i++)
        {
            phase += (1 / period) * (1 + (drift * random.NextNormal()));
            var u = phase - Math.Floor(phase);
            x[i] += amplitude * (shape switch
            {
                0 => Math.Sin(2 * Math.PI * u),
                1 => Math.Sin(2 * Math.PI * u) + (second * Math.Sin((4 * Math.PI * u) + 1)) + (0.5 * second * Math.Sin((8 * Math.PI * u) + 2)),
                2 => u < width ? 1 : -1,
                3 => u < width ? (2 * u / width) - 1 : 1 - (2 * (u - width) / (1 - width)),
                _ => Math.Exp(-3 * u) + (second * (u > 0.5 ? 0.4 : 0)),
            });
        }
    }

    /// <summary>Like an electrocardiogram, a gait or a pump stroke: a few narrow bumps per beat, the beat's length varying a little.</summary>
    private static void AddHeartbeat(Seeded random, double[] x)
    {
        var period = Math.Exp(random.NextDouble(Math.Log(15), Math.Log(300)));
        var wander = random.NextDouble(0, 0.06);
        var bumps = 2 + random.Next(4);
        Span<double> at = stackalloc double[5], width = stackalloc double[5], height = stackalloc double[5];
        for (var k = 0; k < bumps; k++)
        {
            at[k] = random.NextDouble();
            width[k] = random.NextDouble(0.01, 0.1);
            height[k] = random.NextDouble(-1, 2);
        }

        double u = random.NextDouble(), length = period;
        for (var i = 0; i < x.Length; i++)
        {
            u += 1 / length;
            if (u >= 1)
            {
                u -= 1;
                length = period * Math.Max(0.5, 1 + (wander * random.NextNormal()));
            }

            for (var k = 0; k < bumps; k++)
            {
                var d = Math.Abs(u - at[k]);
                x[i] += height[k] * Math.Exp(-Square(Math.Min(d, 1 - d) / width[k]) / 2);
            }
        }
    }

    private static void AddAutoregressive(Seeded random, double[] x, double a1, double a2, double noise)
    {
        double y1 = 0, y2 = 0;
        for (var i = 0; i < x.Length; i++)
        {
            var y = (a1 * y1) + (a2 * y2) + (noise * random.NextNormal());
            (y1, y2) = (y, y1);
            x[i] += y;
        }
    }

    private static void AddStates(Seeded random, double[] x)
    {
        var states = 2 + random.Next(3);
        var stay = 1 - (1 / Math.Exp(random.NextDouble(Math.Log(5), Math.Log(300))));
        Span<double> levels = stackalloc double[4];
        for (var k = 0; k < states; k++)
            levels[k] = random.NextDouble(-3, 3);
        var state = 0;
        for (var i = 0; i < x.Length; i++)
        {
            if (!random.Chance(stay))
                state = random.Next(states);
            x[i] += levels[state];
        }
    }

    private static void AddTrend(Seeded random, double[] x)
    {
        var slope = random.NextNormal() * random.NextDouble(0, 4) / x.Length;
        var from = random.Chance(0.5) ? 0 : random.Next(x.Length);
        for (var i = from; i < x.Length; i++)
            x[i] += slope * (i - from);
    }

    private static void AddLevelShifts(Seeded random, double[] x)
    {
        var shifts = 1 + random.Next(4);
        for (var k = 0; k < shifts; k++)
        {
            var from = random.Next(x.Length);
            var by = 2 * random.NextNormal();
            for (var i = from; i < x.Length; i++)
                x[i] += by;
        }
    }

    private static void AddPulses(Seeded random, double[] x)
    {
        var rate = random.NextDouble(0.002, 0.03);
        var decay = random.NextDouble(0.5, 0.97);
        var height = random.NextDouble(1, 5);
        double y = 0;
        for (var i = 0; i < x.Length; i++)
        {
            y *= decay;
            if (random.Chance(rate))
                y += height * random.NextDouble();
            x[i] += y;
        }
    }

    private static void AddNoise(Seeded random, double[] x)
    {
        var scale = Math.Exp(random.NextDouble(Math.Log(0.01), Math.Log(1.5)));
        var kind = random.NextDouble();
        var volatile_ = random.Chance(0.2);
        var regimes = random.Chance(0.08);
        double log = 0, regime = 1;
        for (var i = 0; i < x.Length; i++)
        {
            var e = kind < 0.5 ? random.NextNormal()
                : kind < 0.8 ? Math.Clamp(random.NextNormal() / Math.Sqrt(random.NextExponential()), -20, 20)      // Student's t, 2 degrees
                : kind < 0.9 ? random.NextExponential() - 1
                : random.NextExponential() * (random.Chance(0.5) ? 1 : -1);
            if (volatile_)
                log = (0.98 * log) + (0.15 * random.NextNormal());
            if (regimes && random.Chance(0.005))
                regime = Math.Exp(random.NextNormal());
            x[i] += scale * e * Math.Exp(log) * regime;
        }
    }

    private static void AddBursts(Seeded random, double[] x)
    {
        var rate = Math.Exp(random.NextDouble(Math.Log(0.0005), Math.Log(0.02)));
        var longest = random.Chance(0.5) ? 1 : 2 + random.Next(20);
        var size = random.NextDouble(2, 10);
        var sided = random.Chance(0.7);
        for (var i = 0; i < x.Length; i++)
        {
            if (!random.Chance(rate))
                continue;
            var height = size * random.NextExponential() * (sided || random.Chance(0.5) ? 1 : -1);
            var length = 1 + random.Next(longest);
            for (var k = i; k < Math.Min(x.Length, i + length); k++)
                x[k] += height;
        }
    }

    /// <summary>What the way from the world into a number does to a signal.</summary>
    private static double[] Finish(Seeded random, double[] x)
    {
        var kind = random.NextDouble();
        if (kind < 0.12)
        {
            for (var i = 0; i < x.Length; i++)
                x[i] = Math.Exp(Math.Clamp(x[i], -10, 10));
        }
        else if (kind < 0.20)
        {
            var mean = Math.Exp(random.NextDouble(-1, 4));
            for (var i = 0; i < x.Length; i++)
                x[i] = Poisson(random, mean * Math.Exp(Math.Clamp(0.5 * x[i], -4, 4)));
        }
        else if (kind < 0.31)
        {
            var low = random.NextDouble(-1.5, 0.5);
            var high = random.Chance(0.5) ? double.MaxValue : low + random.NextDouble(0.5, 3);
            for (var i = 0; i < x.Length; i++)
                x[i] = Math.Clamp(x[i], low, high);
        }
        else if (kind < 0.35)
        {
            double sum = 0;
            var limit = random.Chance(0.5) ? double.MaxValue : random.NextDouble(50, 2000);
            for (var i = 0; i < x.Length; i++)
            {
                sum += Math.Max(0, x[i] + 1);
                if (sum > limit)
                    sum = 0;
                x[i] = sum;
            }
        }

        if (random.Chance(0.3))
        {
            var step = Math.Exp(random.NextDouble(Math.Log(0.02), Math.Log(1)));
            for (var i = 0; i < x.Length; i++)
                x[i] = Math.Round(x[i] / step) * step;
        }

        if (random.Chance(0.1))
        {
            var hold = random.NextDouble(0.2, 0.95);
            for (var i = 1; i < x.Length; i++)
            {
                if (random.Chance(hold))
                    x[i] = x[i - 1];
            }
        }

        if (random.Chance(0.03))
        {
            for (var i = 0; i < x.Length; i++)
                x[i] = random.Chance(0.99) ? 0 : x[i];
        }

        if (random.Chance(0.1))
            Contaminate(random, x);

        var unit = Math.Exp(random.NextDouble(-5, 8));
        var offset = random.Chance(0.5) ? 0 : unit * random.NextDouble(-20, 100);
        for (var i = 0; i < x.Length; i++)
            x[i] = offset + (unit * x[i]);
        return x;
    }

    /// <summary>A few stretches of something else: what the net meets when a device is at fault. It should go back to forecasting afterwards.</summary>
    private static void Contaminate(Seeded random, double[] x)
    {
        var times = 1 + random.Next(3);
        for (var k = 0; k < times; k++)
        {
            var from = random.Next(x.Length);
            var until = Math.Min(x.Length, from + 5 + random.Next(100));
            var kind = random.NextDouble();
            var by = 5 * random.NextNormal();
            var frozen = x[from];
            for (var i = from; i < until; i++)
                x[i] = kind < 0.4 ? x[i] + by : kind < 0.7 ? frozen : x[i] + (by * random.NextNormal());
        }
    }

    private static double Poisson(Seeded random, double mean)
    {
        if (mean > 30)
            return Math.Max(0, Math.Round(mean + (Math.Sqrt(mean) * random.NextNormal())));
        var limit = Math.Exp(-mean);
        var k = 0;
        for (var p = random.NextDouble(); p > limit; p *= random.NextDouble())
            k++;
        return k;
    }

    private static double Pick(Seeded random, params ReadOnlySpan<double> from) => from[random.Next(from.Length)];

    private static double Square(double v) => v * v;
}
