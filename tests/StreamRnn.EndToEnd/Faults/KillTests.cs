using System.Globalization;
using StreamRnn.EndToEnd.Host;
using StreamRnn.EndToEnd.Mqtt;
using StreamRnn.Host.Service;
using StreamRnn.Nets;
using Xunit.Abstractions;

namespace StreamRnn.EndToEnd.Faults;

/// <summary>kill -9 of the service while readings come: subscribers see the alerts of a life without a kill. The long form: docs/reliability.md.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int RowsBeforeLook = 10;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(300);

    [SkippableFact]
    public async Task TheScriptHasManyAlertsOfSeveralKinds()
    {
        var whole = await Life.ExpectedAsync();
        Assert.True(whole.Count >= 30, $"{whole.Count} alert events");
        var kinds = whole.Values.GroupBy(body => System.Text.Json.Nodes.JsonNode.Parse(body)!["data"]!["kind"]!.GetValue<string>()).ToDictionary(g => g.Key, g => g.Count());
        output.WriteLine(string.Join(", ", kinds));
        Assert.True(kinds.Count >= 3, string.Join(", ", kinds));
    }

    [SkippableFact]
    public async Task KilledAtRandomWithMosquittoNothingIsLostOrAltered()
    {
        using var broker = await new Mosquitto().StartAsync();
        await AtRandomAsync(broker.Port, Life.Kills ?? 6);
    }

    [SkippableFact]
    public async Task KilledAtRandomWithAnEmbeddedBrokerThatLivesOnNothingIsLostOrAltered()
    {
        var port = Ports.Free();
        await using var broker = HostProcess.StartRole(null, systemd: false, null, "broker", port.ToString(CultureInfo.InvariantCulture));
        await broker.UntilAsync(b => b.Output.Contains("listening", StringComparison.Ordinal), "the broker listens");
        await AtRandomAsync(port, (Life.Kills ?? 6) / 2);
    }

    /// <summary>The process kills itself where it passes a milestone for the first, second or third time.</summary>
    [SkippableFact]
    public async Task KilledAtEveryMilestoneNothingIsLostOrAltered()
    {
        using var broker = await new Mosquitto().StartAsync();
        await using var life = await Life.BeginAsync(broker.Port);
        // A recovery has something to do behind a life that was killed, and not behind one that was about to stop.
        var milestones = Enum.GetValues<Milestone>().OrderBy(milestone => milestone switch { Milestone.Recovering => 1, Milestone.Closing => 2, _ => 0 }).ToArray();
        var rounds = Life.Kills is { } kills ? 1 + (kills / 20) : 1;
        var deaths = milestones.ToDictionary(milestone => milestone, _ => 0);
        var row = 0;
        for (var round = 0; round < rounds; round++)
        {
            foreach (var milestone in milestones)
            {
                await using var service = life.RunRole("--die", string.Create(CultureInfo.InvariantCulture, $"{milestone}:{1 + (round % 3)}"));
                var share = (Script.Rows - row) / ((rounds - round) * milestones.Length);
                row += await UntilItDiesAsync(life, service, milestone, row, Math.Min(Script.Rows, row + (3 * share)));
                if (service.HasExited)
                    deaths[milestone]++;
                else
                    await service.KillAsync();
            }
        }

        output.WriteLine(string.Join(", ", deaths.Select(d => $"{d.Key} {d.Value}")));
        await EndAsync(life, row);
        Assert.All(deaths, death => Assert.True(death.Value >= (rounds + 1) / 2, $"died {death.Value} times of {rounds} at {death.Key}"));
    }

    /// <summary>The second process waits, all loaded, until the first is dead, and dies up to 50 ms after it: amid locking, opening, loading or folding.</summary>
    [SkippableFact]
    public async Task TwoKillsWithinFiftyMillisecondsAreAsGoodAsOne()
    {
        using var broker = await new Mosquitto().StartAsync();
        await using var life = await Life.BeginAsync(broker.Port);
        var pairs = Life.Kills is { } kills ? kills / 10 : 2;
        var random = new Seeded(7);
        for (var pair = 0; pair < pairs; pair++)
        {
            await using var first = life.Run();
            await using var second = life.RunRole("--standby", random.Next(50).ToString(CultureInfo.InvariantCulture));
            Assert.Equal("READY=1", await first.NotificationAsync());
            await Script.PublishAsync(life.Subscriber, pair * Script.Rows / pairs, (pair + 1) * Script.Rows / pairs);
            await second.UntilAsync(s => s.Output.Contains("standing by", StringComparison.Ordinal), "the second stands by");
            await first.KillAsync();
            second.Say("go");
            await second.ExitAsync();
        }

        await EndAsync(life, Script.Rows);
    }

    [SkippableFact]
    public async Task TheControlThatKeepsNothingIsCaught()
    {
        using var broker = await new Mosquitto().StartAsync();
        await using var life = await Life.BeginAsync(broker.Port);
        await LiveAsync(life, kills: 2, keep: false, (_, _) => { }, heard: true);
        await AssertCaughtAsync(life);
    }

    /// <summary>The same as acknowledging before the commit: what a life took over last is not in its store.</summary>
    [SkippableFact]
    public async Task TheControlThatLosesTheLastEntriesThatWereAcknowledgedIsCaught()
    {
        using var broker = await new Mosquitto().StartAsync();
        await using var life = await Life.BeginAsync(broker.Port);
        await LiveAsync(life, kills: 2, keep: true, (store, _) => Journals.Forget(store, last: 20), heard: true);
        await AssertCaughtAsync(life);
    }

    private async Task AssertCaughtAsync(Life life)
    {
        var wrong = await life.CountWrongAsync();
        output.WriteLine($"{wrong} alert events missing, altered or too many");
        Assert.True(wrong > 0);
    }

    private async Task AtRandomAsync(int port, int kills)
    {
        await using var life = await Life.BeginAsync(port);
        await LiveAsync(life, kills, keep: true, (_, _) => { });
        var (events, repeated) = await life.AssertWholeAsync();
        output.WriteLine($"{kills} kills, {events} alert events, all as expected; {repeated} came again, to the byte");
    }

    /// <summary>The script with the service killed in between, at moments that a seed chooses; before every second kill nobody waits until it has started.</summary>
    /// <param name="heard">It is killed when it has told of alerts, so has acknowledged readings that it will not know any more.</param>
    private static async Task LiveAsync(Life life, int kills, bool keep, Action<string, int> between, bool heard = false)
    {
        var random = new Seeded(5);
        for (var (number, row) = (0, 0); number <= kills; number++)
        {
            await using var service = life.Run(keep);
            if (number == 0 || number == kills || random.Chance(0.5))
                Assert.Equal("READY=1", await service.NotificationAsync());
            var end = (number + 1) * Script.Rows / (kills + 1);
            await Script.PublishAsync(life.Subscriber, row, end);
            row = end;
            if (number == kills)
                await Script.EndAsync(life.Subscriber);
            else if (heard)
                await life.Subscriber.UntilAsync(h => h.Topic.StartsWith("streamrnn/alerts/", StringComparison.Ordinal), "an alert");
            else
                await Task.Delay(TimeSpan.FromSeconds(0.3 * random.NextDouble()));
            await service.KillAsync();
            if (number < kills)
                between(life.Store, number);
        }
    }

    /// <returns>How many rows were published.</returns>
    private static async Task<int> UntilItDiesAsync(Life life, HostProcess service, Milestone milestone, int from, int to)
    {
        var row = from;
        await Eventually.Holds(() => service.HasNotification || service.HasExited, "it is ready, or dead before it is", 60);
        while (!service.HasExited && row < to)
        {
            var end = Math.Min(to, row + RowsBeforeLook);
            await Script.PublishAsync(life.Subscriber, row, end);
            row = end;
            if (milestone == Milestone.Closing)
                service.Signal("TERM");
            await service.EndsWithinAsync(milestone == Milestone.Closing ? HostProcess.Limit : Look);
        }

        return row - from;
    }

    private async Task EndAsync(Life life, int row)
    {
        await using var service = life.Run();
        Assert.Equal("READY=1", await service.NotificationAsync());
        await Script.PublishAsync(life.Subscriber, row, Script.Rows);
        await Script.EndAsync(life.Subscriber);
        var (events, repeated) = await life.AssertWholeAsync();
        output.WriteLine($"{events} alert events, all as expected; {repeated} came again, to the byte");
    }
}
