namespace StreamRnn.Simulators.Devices;

/// <summary>A person's wrist: nights in cycles of ninety minutes, walks, some evenings a run; the heart follows with a lag.</summary>
public sealed class Wearable : SimulatedDevice
{
    public static DeviceKind Description { get; } = new("wearable", "heart rate, steps and sleep stage of one person", TimeSpan.FromMinutes(1),
        [
            new("heart_rate", "bpm", 1, 25, 240, 25),
            new("steps", "per minute", 1, 0, 250, 41, CanDip: false),
            new("sleep", "0 awake, 1 light, 2 deep, 3 REM", 1, 0, 3, 0.75, CanDip: false),
        ], birth => new Wearable(birth));

    private readonly double _resting;
    private readonly double _fitness;
    private double _heart, _mood, _walkLeft, _pace;

    private Wearable(DeviceBirth birth) : base(Description, birth)
    {
        _resting = Random.Uniform(56, 68);
        _fitness = Random.Uniform(0.9, 1.1);
        _heart = _resting;
        _pace = 100;
    }

    protected override void Measure(DateTimeOffset time, double seconds, Span<double> values)
    {
        var stage = SleepStage(time);
        var running = stage == 0 && IsRunning(time);
        _walkLeft -= seconds;
        if (stage != 0 || running)
        {
            _walkLeft = 0;
        }
        else if (_walkLeft <= 0 && Happens(HourOf(time) is > 7 and < 9 or > 12 and < 14 or > 17 and < 19 ? 2.2 : 0.9, seconds))
        {
            _walkLeft = Random.Exponential(420) + 60;
            _pace = Random.Uniform(75, 115);
        }

        var walking = _walkLeft > 0;
        _mood = Wander(_mood, seconds, 900, stage == 0 ? 3.5 : 1.2);
        var target = stage switch
        {
            1 => _resting - 7,
            2 => _resting - 10,
            3 => _resting - 4,
            _ => _resting + 8 + 3 * DailySwing(time, 16) + (running ? 78 * _fitness : walking ? 0.28 * _pace : 0),
        } + _mood;
        _heart = Approach(_heart, target, seconds, target > _heart ? 55 : 95);

        values[0] = _heart + Random.Normal(0, stage == 0 ? 1.6 : 0.9);
        values[1] = running ? Random.Normal(162, 4)
            : walking ? Math.Max(0, Random.Normal(_pace, 9))
            : stage == 0 && Random.Chance(0.12) ? Random.Uniform(3, 25) : 0;
        values[2] = stage;
    }

    /// <summary>Bed at about 23 h, up at about 6:45 h, an hour and a quarter later at the weekend; deep sleep early, REM late.</summary>
    private int SleepStage(DateTimeOffset time)
    {
        var hour = HourOf(time);
        var bed = 23 + 0.5 * OfTheDay(hour < 12 ? time.AddDays(-1) : time, "bed");
        var up = (IsWeekend(time) ? 8 : 6.75) + 0.4 * OfTheDay(time, "up");
        var asleep = hour >= bed ? hour - bed : hour < up ? hour + 24 - bed : -1;
        if (asleep < 0)
            return 0;
        var cycle = asleep / 1.5;
        var place = cycle - Math.Floor(cycle);
        var deepUntil = Math.Max(0.2, 0.6 - 0.1 * Math.Floor(cycle));
        var remFrom = Math.Max(0.6, 0.92 - 0.06 * Math.Floor(cycle));
        return place < 0.18 ? 1 : place < deepUntil ? 2 : place < remFrom ? 1 : 3;
    }

    private bool IsRunning(DateTimeOffset time)
    {
        if (OfTheDay(time, "run") < 0)
            return false;
        var begin = 18 + 1.2 * OfTheDay(time, "run begins");
        return HourOf(time) >= begin && HourOf(time) < begin + 0.55 + 0.15 * OfTheDay(time, "run lasts");
    }
}
