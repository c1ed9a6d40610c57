using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Pipeline;

namespace StreamRnn.Tests.Pipeline;

/// <summary>Series that are no series: with the shipped model, every score is finite and there is no storm.</summary>
public sealed class BadInputTests
{
    private const double Start = 1_772_438_400;
    private static readonly BaseModel Shipped = BaseModel.Load();

    private static readonly Dictionary<string, (int Count, double Interval, Func<int, Seeded, double> Value)> All = new()
    {
        ["constant"] = (3000, 60, (_, _) => 21.5),
        ["constant zero"] = (3000, 60, (_, _) => 0),
        ["constant, one change"] = (3000, 60, (i, _) => i < 1500 ? 21.5 : 22),
        ["constant, one spike"] = (3000, 60, (i, _) => i == 1500 ? 22 : 21.5),
        ["1e30"] = (3000, 60, (_, random) => 1e30 * (1 + (0.01 * random.NextNormal()))),
        ["from 1 to 1e30"] = (3000, 60, (i, random) => (i < 1500 ? 1 : 1e30) + random.NextNormal()),
        ["1e300 either way"] = (3000, 60, (_, random) => random.Chance(0.5) ? 1e300 : -1e300),
        ["1e300 now and then"] = (3000, 60, (i, random) => i % 200 == 199 ? 1e300 : random.NextNormal()),
        ["growing to 1e308"] = (3000, 60, (i, _) => Math.Pow(10, i / 3000.0 * 308)),
        ["denormals"] = (3000, 60, (_, random) => double.Epsilon * random.Next(1000)),
        ["a counter that resets"] = (6000, 60, (i, random) => (3.0 * (i % 1500)) + random.Next(3)),
        ["a counter that overflows"] = (6000, 60, (i, _) => i * 40 % 65_536),
        ["two values"] = (6000, 60, (_, random) => random.Chance(0.5) ? 1 : 0),
        ["two values, one rare"] = (6000, 60, (_, random) => random.Chance(0.003) ? 1 : 0),
        ["two values in turn"] = (3000, 60, (i, _) => i % 2),
        ["one reading a day"] = (1100, 86_400, (i, random) => 20 + (8 * Math.Sin(2 * Math.PI * i / 365)) + random.NextNormal()),
        ["1 kHz for 20 s"] = (20_000, 0.001, (i, random) => Math.Sin(i / 20.0) + (0.1 * random.NextNormal())),
    };

    public static TheoryData<string> Names => [.. All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void ScoresAreFiniteAndAlertsAreFew(string name)
    {
        var (count, interval, value) = All[name];
        using var fleet = new Fleet(model: Shipped);
        var random = new Seeded(11);
        for (var i = 0; i < count; i++)
            fleet.Send("d", Start + (i * interval), ("x", value(i, random)));

        Assert.Equal(count, fleet.Scores.Count);
        Assert.All(fleet.Scores, s => Assert.True(s.Score is >= 0 and < 1 && double.IsFinite(s.Threshold), $"{s}"));
        Assert.All(fleet.Scores.Skip(1), s => Assert.True(double.IsFinite(s.Expected) && s.Lower <= s.Upper, $"{s}"));
        Assert.All(fleet.StateOf("d", "x"), bits => Assert.True(float.IsFinite(BitConverter.Int32BitsToSingle(bits))));

        // Every alert raises the threshold by a decade, a budget's time pays it back, and nothing counts as rarer than twelve: that is the bound, whatever comes.
        var asked = -Math.Log10(Math.Min(0.05, interval / DeviceRow.WeekSeconds));
        var bound = 1 + Math.Ceiling(DeviceRow.MostRarity - asked) + (count * interval / DeviceRow.WeekSeconds);
        var opened = fleet.Alerts.Count(a => a.Status == AlertStatus.Opened && a.Kind != AlertKind.Stuck);
        Assert.True(opened <= bound, $"{opened} alerts, at most {bound:0} may be");
        // What was met by hand is far below it, but for one reading a day in three years, whose budget is 157.
        Assert.InRange(opened, 0, interval > 3600 ? 20 : 9);
        Assert.InRange(fleet.Alerts.Count(a => a.Status == AlertStatus.Opened && a.Kind == AlertKind.Stuck), 0, 1);
    }
}
