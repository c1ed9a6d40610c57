using StreamRnn.EndToEnd.Host;
using StreamRnn.EndToEnd.Mqtt;

namespace StreamRnn.EndToEnd.Faults;

/// <summary>A link that hangs, half open: nobody is told, nothing gets through.</summary>
public sealed class LinkTests
{
    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ALinkThatHangsAndThenIsCutOrGoesOnLosesAndAltersNothing(bool cut)
    {
        Skip.If(OperatingSystem.IsWindows(), "systemd and its signals are Linux's");
        using var broker = await new Mosquitto().StartAsync();
        using var proxy = new Proxy(broker.Port);
        await using var life = await Life.BeginAsync(broker.Port);
        await using (var service = life.Run(port: proxy.Port, more: ("StreamRnn__Mqtt__KeepAlive", "00:00:02")))
        {
            Assert.Equal("READY=1", await service.NotificationAsync());
            var times = Life.Kills is { } kills ? 1 + (kills / 20) : 1;
            for (var time = 0; time < times; time++)
            {
                // Readings and acknowledgements are on their way when it begins to hang, and more come while it does.
                var (from, to) = (time * Script.Rows / times, (time + 1) * Script.Rows / times);
                await Script.PublishAsync(life.Subscriber, from, (from + to) / 2);
                proxy.Hang();
                await Script.PublishAsync(life.Subscriber, (from + to) / 2, to);
                await service.UntilAsync(s => Lost(s) > time, "the silence is noticed");
                if (cut)
                    proxy.Sever();
                proxy.Release();
                await service.UntilAsync(s => s.Output.Split("Listening").Length > time + 2, "it listens again");
            }

            await Script.EndAsync(life.Subscriber);
            await service.KillAsync();
        }

        Journals.AssertHoldsTheScript(life.Store);
        await life.AssertWholeAsync();
    }

    private static int Lost(HostProcess service) => service.Output.Split("did not answer").Length - 1;
}
