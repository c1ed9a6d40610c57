using StreamRnn.Nets;

namespace StreamRnn.Tests.Storage.Simulation;

/// <summary>What is broken on purpose, to see that it is caught.</summary>
internal enum Control { None, AcknowledgesBeforeTheCommit, HasNoWatermark, RowsForgetTheirEntry, MarksBeforeItIsSent, DoesNotSync }

/// <summary>What a seed decides before a history begins; what is left of it when a failure is made small.</summary>
/// <param name="Timed">Time goes on and jumps, silence is watched, people give commands: the alerts must be those of the journal's fold. Else the clock that entries bear stands still, and the alerts must be those of the script, whoever groups it.</param>
/// <param name="Readings">Of each device after it has learned.</param>
/// <param name="Late">How often a reading is overtaken.</param>
/// <param name="Twice">How often a publisher sends a payload twice.</param>
/// <param name="Crashes">How often, in a hundred actions, the process dies soon.</param>
/// <param name="Faults">How often, in a hundred actions, the disk fails soon.</param>
/// <param name="Disconnects">How often, in a hundred actions, a connection is lost.</param>
/// <param name="Refusals">How often the broker refuses an alert.</param>
/// <param name="Prunes">Nothing is kept beyond what recovery needs.</param>
/// <param name="Trouble">How many actions pass before nothing goes wrong any more.</param>
/// <param name="Writing">How often the checkpoint's writer has its turn: seldom makes long passes.</param>
internal sealed record Plan(
    ulong Seed, bool Timed, int Devices, int Readings, TimeSpan MaxLateness, double Late, double Twice, double Crashes, double Faults, double Disconnects, double Writing, double Refusals, int SliceBytes, bool Prunes, int Trouble = 2000)
{
    public static Plan Of(ulong seed)
    {
        var random = Seeded.For(seed, 0);
        var waits = random.Chance(0.4);
        return new Plan(
            seed, random.Chance(0.35), 1 + random.Next(3), 18 + random.Next(20), waits ? TimeSpan.FromSeconds(25) : TimeSpan.Zero, random.Chance(0.5) ? 0.08 : 0, random.Chance(0.5) ? 0.08 : 0,
            One(0, 1.5, 3, 6), One(0, 0, 1, 3), One(0, 1, 3), One(0.3, 1, 3), One(0, 0, 0.1), random.Chance(0.7) ? 1 : 1 << 20, random.Chance(0.75));

        double One(params ReadOnlySpan<double> values) => values[random.Next(values.Length)];
    }

    /// <summary>Plans that are a little smaller, the boldest first.</summary>
    public IEnumerable<Plan> Smaller()
    {
        for (var by = 2; by <= 64; by *= 2)
        {
            if (Trouble >= by)
                yield return this with { Trouble = Trouble - (Trouble / by) };
            if (Readings >= by)
                yield return this with { Readings = Readings - (Readings / by) };
        }

        if (Devices > 1)
            yield return this with { Devices = Devices - 1 };
        foreach (var plan in (Plan[])[
            this with { Faults = 0 }, this with { Disconnects = 0 }, this with { Late = 0 }, this with { Twice = 0 }, this with { Refusals = 0 }, this with { MaxLateness = TimeSpan.Zero },
            this with { Prunes = false }, this with { SliceBytes = 1 << 20 }, this with { Writing = 1 }, this with { Crashes = 0 }])
        {
            if (plan != this)
                yield return plan;
        }
    }

    /// <summary>Makes a plan that fails as small as it can be while it fails.</summary>
    public static (Plan Plan, string Problem) Shrink(Plan plan, string problem, Control control = Control.None)
    {
        for (var tries = 300; ;)
        {
            var (smaller, found) = plan.Smaller().TakeWhile(_ => tries-- > 0).Select(p => (p, Simulation.Live(p, control).Problem)).FirstOrDefault(p => p.Problem is not null);
            if (found is null)
                return (plan, problem);
            (plan, problem) = (smaller, found);
        }
    }
}
