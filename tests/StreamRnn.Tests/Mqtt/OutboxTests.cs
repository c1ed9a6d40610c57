using System.Text;
using CsCheck;
using StreamRnn.Mqtt;
using StreamRnn.Nets;
using StreamRnn.Tests.Alerts;

namespace StreamRnn.Tests.Mqtt;

public sealed class OutboxTests
{
    private static Outgoing Alert(int i) => new("alerts/d", [(byte)i], null, Retain: false, AtLeastOnce: true);

    private static Outgoing Event(string id) => new("alerts/d", [0], null, Retain: false, AtLeastOnce: true, Alert: Given.Event() with { AlertId = id[..^2] });

    private static Outgoing State(string topic, string body) => new(topic, Encoding.ASCII.GetBytes(body), null, Retain: true, AtLeastOnce: true);

    private static List<string> Drain(Outbox outbox)
    {
        var all = new List<string>();
        while (outbox.TryNext(out var message))
        {
            all.Add(message.Retain ? $"{message.Topic}={Encoding.ASCII.GetString(message.Body!)}" : $"{message.Body![0]}");
            outbox.Done();
        }

        return all;
    }

    [Fact]
    public void AlertsKeepTheirOrderAndGoBeforeTheRest()
    {
        var outbox = new Outbox();
        outbox.SetRetained(State("s", "1"));
        outbox.AddDroppable(new Outgoing("score", [9], null, false, false));
        outbox.AddAlert(Alert(1));
        outbox.AddAlert(Alert(2));
        Assert.Equal(["1", "2", "s=1", "9"], Drain(outbox));
        Assert.Equal(0, outbox.Count);
    }

    [Fact]
    public void OfARetainedTopicOnlyTheLastPayloadIsSent()
    {
        var outbox = new Outbox();
        outbox.SetRetained(State("a", "1"));
        outbox.SetRetained(State("b", "1"));
        outbox.SetRetained(State("a", "2"));
        Assert.Equal(["a=2", "b=1"], Drain(outbox));
    }

    [Fact]
    public void WhatABrokerDidNotAnswerGoesFirstAgainInOrder()
    {
        var outbox = new Outbox();
        for (var i = 1; i <= 4; i++)
            outbox.AddAlert(Alert(i));
        outbox.SetRetained(State("a", "old"));
        var sent = new List<Outgoing>();
        while (outbox.TryNext(out var message))
            sent.Add(message);
        outbox.Done();                                                     // the first was answered
        outbox.AddAlert(Alert(5));
        outbox.SetRetained(State("a", "new"));
        outbox.PutBack(sent[1..]);
        Assert.Equal(["2", "3", "4", "5", "a=new"], Drain(outbox));
        Assert.Equal(0, outbox.Count);
    }

    [Fact]
    public void BeyondTheBoundTheOldestAlertsAreDroppedAndCounted()
    {
        var outbox = new Outbox(maxAlerts: 3, maxDroppable: 1);
        Assert.Equal(2, Enumerable.Range(1, 5).Sum(i => outbox.AddAlert(Alert(i))));
        Assert.True(outbox.AddDroppable(Alert(8)));
        Assert.False(outbox.AddDroppable(Alert(9)));
        Assert.Equal(["3", "4", "5", "8"], Drain(outbox));
    }

    /// <summary>A broker that comes and goes: what did not fit is taken in from the store, and every event is sent once, in order.</summary>
    [Fact]
    public void WhatOnlyTheStoreHasFollowsInOrderWithoutGapOrRepetition() => Gen.ULong.Sample(
        seed =>
        {
            var random = new Seeded(seed);
            var outbox = new Outbox(maxAlerts: 6, storeKeeps: true);
            var (store, answered, sent, most) = (new List<string>(), new List<string>(), new List<Outgoing>(), 0);
            while (store.Count < 200 || answered.Count < 200)
            {
                if (store.Count < 200 && random.Chance(0.6))
                {
                    store.Add($"{store.Count}-0");                   // as an event is called: alert and sequence
                    outbox.AddAlert(Event(store[^1]));
                }

                if (outbox.WantsMore(out var behind, out var room))
                {
                    var next = store.Skip(behind is null ? 0 : store.IndexOf(behind) + 1).Take(room).ToList();
                    outbox.TakeMore(next.Select(Event), more: next.Count == room);
                }

                most = Math.Max(most, outbox.AlertCount);
                if (sent.Count < 4 && random.Chance(0.5) && outbox.TryNext(out var message))
                    sent.Add(message);
                if (sent.Count > 0 && random.Chance(0.4))
                {
                    answered.Add(sent[0].Alert!.Id);
                    sent.RemoveAt(0);
                    outbox.Done();
                }

                if (!random.Chance(0.1))
                    continue;
                outbox.PutBack(sent);                                      // the connection was lost
                sent.Clear();
            }

            Assert.Equal(store, answered);
            Assert.True(most <= 10, $"{most} waited");                     // the bound, and those put back
        },
        iter: 200);

    [Fact]
    public void ABrokerThatForgotGetsEverythingThatIsRetainedNow()
    {
        var outbox = new Outbox();
        outbox.SetRetained(State("a", "1"));
        outbox.SetRetained(State("b", "1"));
        outbox.SetRetained(State("b", ""));
        Assert.Equal(["a=1", "b="], Drain(outbox));
        outbox.RepeatRetained();
        Assert.Equal(["a=1"], Drain(outbox));
    }

    [Fact]
    public async Task AChangeWakesWhoWaits()
    {
        var outbox = new Outbox();
        var changed = outbox.ChangedAsync();
        Assert.False(changed.IsCompleted);
        outbox.AddAlert(Alert(1));
        await changed.WaitAsync(TimeSpan.FromSeconds(10));
    }
}
