using StreamRnn.Alerts;
using StreamRnn.Mqtt;
using StreamRnn.Nets;

namespace StreamRnn.Tests.Storage.Simulation;

/// <summary>
/// The broker's side, which outlives every process: what publishers sent and nobody acknowledged, sent again in order on each new connection; the subscribers, who keep every body that they saw; and
/// what it retains. What is on its way when a connection is lost arrives up to some point.
/// </summary>
internal sealed class Wire(List<Payload> script, Seeded random)
{
    private readonly HashSet<int> _acknowledged = [];
    private readonly Queue<int> _acknowledgements = new();  // on their way
    private readonly List<(Outgoing Message, bool Taken, bool Refused)> _sent = [];      // and not answered
    private int _next;                                      // to be delivered on this connection

    public bool IsConnected { get; private set; }

    public bool AllIsAcknowledged => _acknowledged.Count == script.Count;

    public bool HasMore => IsConnected && _next < script.Count;

    /// <summary>Whatever was delivered is acknowledged.</summary>
    public bool IsQuiet => IsConnected && _acknowledged.Count == _furthest;

    public bool HasAcknowledgements => _acknowledgements.Count > 0;

    public int Unanswered => _sent.Count;

    public bool HasUntaken => _sent.Exists(s => !s.Taken);

    public bool HasAnswer => _sent.Count > 0 && _sent[0].Taken;

    /// <summary>Event id → the bodies that subscribers saw.</summary>
    public SortedDictionary<string, HashSet<string>> Seen { get; } = new(StringComparer.Ordinal);

    /// <summary>Device → ids in the order in which they were seen first.</summary>
    public Dictionary<string, List<string>> Order { get; } = [];

    /// <summary>Alerts whose retained topic is there.</summary>
    public SortedSet<string> Retained { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Refused { get; } = [];

    /// <summary>Payloads that were handed over before on another connection.</summary>
    public int DeliveredAgain { get; private set; }

    public int Seenings { get; private set; }

    private int _furthest;

    public void Add(Payload payload) => script.Add(payload);

    public void Connect() => (IsConnected, _next) = (true, Enumerable.Range(0, script.Count + 1).First(i => !_acknowledged.Contains(i)));

    public (int Number, Payload Payload, bool Again) Deliver()
    {
        var number = _next++;
        while (_acknowledged.Contains(_next))
            _next++;
        var again = number < _furthest;
        DeliveredAgain += again ? 1 : 0;
        _furthest = Math.Max(_furthest, number + 1);
        return (number, script[number], again);
    }

    public void Acknowledge(int number) => _acknowledgements.Enqueue(number);

    public void TakeAcknowledgement() => _acknowledged.Add(_acknowledgements.Dequeue());

    public void Disconnect()
    {
        IsConnected = false;
        for (var arrive = random.Next(_acknowledgements.Count + 1); arrive > 0; arrive--)
            TakeAcknowledgement();
        _acknowledgements.Clear();
    }

    public void Send(Outgoing message) => _sent.Add((message, false, false));

    /// <summary>The oldest message that is on its way arrives.</summary>
    public void Take(bool refuses)
    {
        var i = _sent.FindIndex(s => !s.Taken);
        var message = _sent[i].Message;
        _sent[i] = (message, true, refuses);
        var alert = message.Alert!;
        if (message.Retain)
        {
            _ = message.Body!.Length == 0 ? Retained.Remove(alert.AlertId) : Retained.Add(alert.AlertId);
            return;
        }

        if (refuses)
        {
            Refused.Add(alert.Id);
            return;
        }

        Seenings++;
        if (!Seen.TryGetValue(alert.Id, out var bodies))
        {
            Seen.Add(alert.Id, bodies = []);
            if (!Order.TryGetValue(alert.Device, out var order))
                Order.Add(alert.Device, order = []);
            order.Add(alert.Id);
        }

        bodies.Add(System.Text.Encoding.UTF8.GetString(message.Body!));
    }

    public (Outgoing Message, bool Refused) Answer()
    {
        var (message, _, refused) = _sent[0];
        _sent.RemoveAt(0);
        return (message, refused);
    }

    /// <summary>The publisher's connection is lost.</summary>
    /// <returns>What it does not know the answer to.</returns>
    public List<Outgoing> Lose()
    {
        for (var arrive = random.Next(_sent.Count + 1); arrive > 0 && HasUntaken; arrive--)
            Take(refuses: false);
        var unanswered = _sent.ConvertAll(s => s.Message);
        _sent.Clear();
        return unanswered;
    }
}
