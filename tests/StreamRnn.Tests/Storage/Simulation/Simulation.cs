using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using StreamRnn.Alerts;
using StreamRnn.Mqtt;
using StreamRnn.Nets;
using StreamRnn.Pipeline;
using StreamRnn.Readings;
using StreamRnn.Storage;

namespace StreamRnn.Tests.Storage.Simulation;

/// <summary>What happened in a history.</summary>
/// <param name="Crashes">How often the process was killed; of these, while it started, while it stopped.</param>
/// <param name="Faults">Errors of the disk.</param>
/// <param name="Alerts">Events that were seen; and how many times one was seen again.</param>
/// <param name="DeliveredAgain">Payloads.</param>
/// <param name="LetGo">Entries of the journal were let go of.</param>
internal readonly record struct Lived(int Crashes, int CrashesStarting, int CrashesStopping, int Faults, int Alerts, int Repeated, int DeliveredAgain, bool LetGo);

/// <summary>
/// One history of core, journal, checkpoint and outbox in one thread, between a broker and a disk that are both simulated. A seed decides who goes next, when the process is killed, when the power is lost,
/// which operation of the disk fails and how. At the end subscribers must have seen the alerts of a life that was never interrupted, and the detector must remember the same, to the byte.
/// </summary>
internal sealed partial class Simulation : IDisposable
{
    private const int Window = 8;                           // messages sent and not answered
    private static readonly string Root = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();

    private readonly Plan _plan;
    private readonly Control _control;
    private readonly Seeded _random;
    private readonly List<string>? _trace;
    private readonly Disk _disk;
    private readonly SimulatedClock _clock;
    private readonly Wire _wire;
    private readonly Witness _witness;
    private readonly Queue<(long Ticket, int Number)> _owed = new();
    private readonly Dictionary<string, Instant> _fresh = [];            // of the control without a watermark
    private readonly int _shards, _mostAlerts;
    // A life: from a start to its end.
    private DeviceRegistry _registry = null!;
    private Detector? _detector;
    private WaitingRoom _room = null!;
    private Store? _store;
    private Door? _door;
    private Outbox _outbox = new();
    private CancellationTokenSource _stop = new();
    private int _crashIn, _pauses, _crashes, _faults, _lives;
    private (int Starting, int Stopping) _amid;
    private bool _calm, _unasked, _faulted, _starts, _stops, _letGo;
    private (DiskOperation On, int Code, double Share, int Left) _fault;

    private Simulation(Plan plan, Control control, List<string>? trace)
    {
        (_plan, _control, _trace) = (plan, control, trace);
        _random = Seeded.For(plan.Seed, 2);
        (_shards, _mostAlerts) = (1 + _random.Next(3), 1 + _random.Next(4));
        _disk = new Disk(Directory.CreateDirectory(Path.Combine(Root, $"streamrnn-simulation-{Guid.NewGuid():N}")).FullName) { Asked = Answer };
        _clock = new SimulatedClock(Script.Start.ToDateTimeOffset(), Paused);
        _wire = new Wire(Script.Make(plan), _random);
        _witness = new Witness(plan);
    }

    private Lived What => new(_crashes, _amid.Starting, _amid.Stopping, _faults, _wire.Seen.Count, _wire.Seenings - _wire.Seen.Count, _wire.DeliveredAgain, _letGo);

    /// <summary>Lives one history.</summary>
    /// <param name="trace">Where to write what was done; null: nowhere.</param>
    /// <returns>What is wrong, or null; and what happened.</returns>
    public static (string? Problem, Lived Lived) Live(Plan plan, Control control = Control.None, List<string>? trace = null)
    {
        using var simulation = new Simulation(plan, control, trace);
        string? problem;
        try
        {
            problem = simulation.Live();
        }
#pragma warning disable CA1031 // whatever it is, it goes with the seed
        catch (Exception e) when (e is not OutOfMemoryException)
#pragma warning restore CA1031
        {
            problem = $"{e.GetType().Name}: {e.Message}\n{e.StackTrace}";
        }

        return (problem, simulation.What);
    }

    public void Dispose()
    {
        _disk.IsDead = true;
        CloseAll();
        _witness.Dispose();
        _stop.Dispose();
        _disk.Dispose();
        Directory.Delete(_disk.Folder, recursive: true);
    }

    private bool IsOut => _outbox.Count == 0 && !_outbox.WantsMore(out _, out _);

    private string? Live()
    {
        ArmForTheStart();
        Do(Start);
        for (var left = 4000; !(_wire.AllIsAcknowledged && IsOut); left--)
        {
            if (left == 0)
                return "it does not come to an end";
            _calm |= 4000 - left >= _plan.Trouble;
            Do(Act);
        }

        // What waits for its order has waited long enough; then one more start, without trouble.
        _calm = true;
        (_crashIn, _fault) = (0, default);
        foreach (var payload in Script.Last(_plan))
            _wire.Add(payload);
        while (!_wire.AllIsAcknowledged)
            Do(Act);
        _clock.Now += TimeSpan.FromHours(1);
        for (var i = 0; i < 3; i++)
            Do(Pump);
        while (!IsOut)
            Do(Act);
        Do(Stop);
        while (!IsOut)
            Do(Act);
        Do(Stop);
        return Judge();
    }

    // One of those who have something to do; and now and then something goes wrong soon.
    private void Act()
    {
        if (!_calm)
            GoWrong();
        if (_plan.Timed)
        {
            // What is sent again comes at once, so devices are silent only while nothing is on its way.
            var time = TimeSpan.FromMilliseconds(_random.Next(400)) + (_wire.IsQuiet && _random.Chance(0.1) ? TimeSpan.FromSeconds(_random.Next(120)) : default);
            _clock.Pass(time);
            _clock.Now += time + (_random.Chance(0.01) ? TimeSpan.FromMinutes(_random.Next(60) - 20) : default);
        }

        (double Weight, Action Do)[] actors =
        [
            (!_wire.IsConnected ? 2 : 0, Connect), (_wire.HasMore ? 5 : 0, Deliver), (_door!.Depth > 0 ? 3 : 0.2, Pump), (_wire.HasAcknowledgements ? 4 : 0, _wire.TakeAcknowledgement), (_plan.Writing, WriteSlice),
            (_wire.Unanswered < Window && _outbox.Count > _wire.Unanswered ? 3 : 0, Send), (_wire.HasUntaken ? 3 : 0, () => _wire.Take(!_calm && _random.Chance(_plan.Refusals))), (_wire.HasAnswer ? 3 : 0, Hear),
            (_plan.Timed && !_calm && _wire.Seen.Count > 0 ? 0.1 : 0, Command),
        ];
        var at = _random.NextDouble(0, actors.Sum(a => a.Weight));
        var i = 0;
        while (i < actors.Length - 1 && (actors[i].Weight == 0 || (at -= actors[i].Weight) >= 0))
            i++;
        if (actors[i].Weight > 0)
            actors[i].Do();
    }

    private void GoWrong()
    {
        if (_crashIn == 0 && _random.Chance(_plan.Crashes / 100))
            _crashIn = 1 + _random.Next(_random.Chance(0.5) ? 6 : 60);
        if (_fault.Left == 0 && _random.Chance(_plan.Faults / 100))
        {
            var share = _random.Next(3) / 2.0;
            _fault = _random.Next(5) switch
            {
                0 or 1 => (DiskOperation.Write, DiskAnswer.Full, _random.Next(2) / 2.0, 1 + _random.Next(40)),
                2 => (DiskOperation.Write, DiskAnswer.WriteError, Math.Min(share, 0.5), 1 + _random.Next(3)),
                3 => (DiskOperation.Sync, DiskAnswer.SyncError, share, 1 + _random.Next(3)),
                _ => ((DiskOperation)_random.Next(5), _random.Chance(0.5) ? DiskAnswer.ReadError : DiskAnswer.WriteError, 0, 1),
            };
            Note($"from the next {_fault.On} on the disk answers {_fault.Code}, {_fault.Left} times");
        }

        if (_random.Chance(_plan.Disconnects / 100))
        {
            Note("the source loses its connection");
            Disconnect();
        }

        if (_random.Chance(_plan.Disconnects / 100))
        {
            Note("the publisher loses its connection");
            _outbox.PutBack(_wire.Lose());
        }

        if (_random.Chance(_plan.Crashes / 400))
            Stop();
    }

    private DiskAnswer Answer(DiskOperation operation, string file)
    {
        if (_unasked)
            return DiskAnswer.Fine;
        if (_crashIn > 0 && --_crashIn == 0)
        {
            Note($"killed at {operation} of {file}");
            return new DiskAnswer(DiskAnswer.WriteError, _random.Next(3) / 2.0, Dies: true);
        }

        if (_fault.Left == 0 || _fault.On != operation)
            return DiskAnswer.Fine;
        Note($"{operation} of {file} fails with {_fault.Code}");
        _faults++;
        (_faulted, _fault.Left) = (true, _fault.Left - 1);
        return new DiskAnswer(_fault.Code, _fault.Share, Dies: false);
    }

    private void Point(string where)
    {
        if (_disk.IsDead)
            throw new CrashException();
        if (_crashIn == 0 || --_crashIn > 0)
            return;
        Note($"killed before {where}");
        throw new CrashException();
    }

    private void Paused(TimeSpan time)
    {
        Point("the end of a pause");
        if (_random.Chance(0.3) || ++_pauses % 20 == 0)
            _fault.Left = 0;
        if (!_random.Chance(0.1))
            return;
        Note("asked to stop while waiting for the disk");
        _stop.Cancel();
    }

    // Whatever ends the process, another begins.
    private void Do(Action act)
    {
        try
        {
            act();
            if (_disk.IsDead)
                throw new CrashException();
        }
        catch (CrashException)
        {
            Kill();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            Do(Stop);
        }
        catch (Exception e) when (e is StoreException or SqliteException && (_disk.IsDead || _faulted))
        {
            if (!_disk.IsDead && e.Message.Contains("is damaged", StringComparison.Ordinal))
                throw new InvalidOperationException("an error of the disk is taken for damage", e);
            Note($"ended by {e.Message.Replace(_disk.Folder, "…", StringComparison.Ordinal)}");
            Kill();
        }
    }

    private void Kill()
    {
        _crashes++;
        _amid = (_amid.Starting + (_starts ? 1 : 0), _amid.Stopping + (_stops ? 1 : 0));
        _disk.IsDead = true;
        Disconnect();
        _wire.Lose();
        CloseAll();
        if (_random.Chance(0.5))
            _disk.Revive();
        else
            _disk.LosePower(_random);
        if (_control == Control.RowsForgetTheirEntry && !_plan.Prunes)
            Forgetting.Tamper(_disk.Folder);
        ArmForTheStart();
        Do(Start);
    }

    // Opening takes some fifty operations of the disk the first time, and some ten later.
    private void ArmForTheStart() => _crashIn = !_calm && _random.Chance(_plan.Crashes / 20) ? 1 + _random.Next(_random.Chance(0.5) ? 20 : 80) : 0;

    private void Stop()
    {
        Note("stops");
        _stops = true;
        Disconnect();
        _outbox.PutBack(_wire.Lose());
        _store!.Close(TimeSpan.FromSeconds(2));
        CloseAll();
        Point("the next start");
        Start();
    }

    private void CloseAll()
    {
        _store?.Dispose();
        _detector?.Dispose();
        _door?.Dispose();
        (_store, _detector, _door) = (null, null, null);
    }

    private void Start()
    {
        _lives++;
        Note("starts");
        (_starts, _stops) = (true, false);
        CloseAll();
        _faulted = false;
        _stop.Dispose();
        _stop = new CancellationTokenSource();
        _registry = new DeviceRegistry(1 + ((_shards + _lives) % 3));
        var options = new StorageOptions
        {
            Vfs = DiskVfs.Name,
            Durable = _control != Control.DoesNotSync,
            OwnThread = false,
            SliceBytes = _plan.SliceBytes,
            CheckpointEvery = TimeSpan.Zero,
            History = _plan.Prunes ? TimeSpan.Zero : TimeSpan.FromDays(7),
            MaxBytes = _plan.Prunes ? 1 : 1 << 30,
        };
        _store = Store.Open(_disk.Folder, options, _registry, _clock, NullLogger.Instance);
        var recovered = _store.Recover(() => (_detector, _room) = Witness.Begin(_plan, _registry), _ => { });
        Point("the first entry");
        Note(string.Create(CultureInfo.InvariantCulture, $"recovered: checkpoint at {recovered.Checkpoint}, {recovered.Entries} entries of {_store.Journal.First} to {_store.Journal.Position}"));
        _letGo |= _store.Journal.First > 1;
        if (_store.Journal.Position < _witness.Position)
            throw new InvalidOperationException($"entry {_witness.Position} was committed, the journal ends at {_store.Journal.Position}");
        Witnessed();
        _outbox = new Outbox(_mostAlerts, storeKeeps: true);
        foreach (var alert in _store.Journal.Unsent())
            _outbox.AddAlert(Outgoing(alert));
        foreach (var (alert, shown) in _store.Journal.LastEvents())
        {
            if (shown)
                _outbox.KnowRetained(Shown(alert));
            else
                _outbox.SetRetained(Shown(alert));
        }

        _door = new Door(new DoorLimits(), _clock, recovered.Heard);
        _door.Through += Through;
        _door.Arrivals.Persist(_store, Committed, _stop.Token).InOrder(_room).Subscribe(Fold, fault => throw fault);
        _starts = false;
    }

    private void Committed(long ticket)
    {
        Point("acknowledging");
        _door!.Acknowledge(ticket);
        Point("folding");
    }

    private void Fold(Arrivals entry)
    {
        var outcome = _detector!.Fold(entry);
        Point("telling the store");
        _store!.Tell(outcome, _stop.Token);
        Point("publishing");
        foreach (var alert in outcome.Alerts)
        {
            _outbox.AddAlert(Outgoing(alert));
            _outbox.SetRetained(Shown(alert));
            if (_control == Control.MarksBeforeItIsSent)
                _store.Mark(alert, shown: false, refused: false);
        }

        Point("copying states");
        _store.Between();
        if (!_outbox.WantsMore(out var behind, out var room))
            return;
        var more = _store.Unsent(behind, room, _stop.Token);
        _outbox.TakeMore(more.Select(Outgoing), more.Count == room);
    }

    private void Pump()
    {
        Note($"entry of {_door!.Depth} payloads");
        _door.PumpOnce();
        Point("the next entry");
        Witnessed();
    }

    // What is committed counts, whatever the disk does next.
    private void Witnessed()
    {
        _unasked = true;
        foreach (var entry in _store!.Journal.ReadFrom(_witness.Position + 1))
            _witness.Fold(entry);
        _unasked = false;
    }

    private void Connect()
    {
        _wire.Connect();
        if (_plan.Timed)
            _door!.Listen(true);
    }

    private void Disconnect()
    {
        _wire.Disconnect();
        _owed.Clear();
        if (_plan.Timed)
            _door?.Listen(false);
    }

    private void Deliver()
    {
        var (number, payload, again) = _wire.Deliver();
        Note($"payload {number}: {payload.Command?.ToString() ?? $"{payload.Readings.Count} of {payload.Readings[0].Device}"}{(again ? ", again" : "")}");
        var buffer = new ReadingBuffer();
        foreach (var reading in payload.Readings)
            Witness.Add(_control == Control.HasNoWatermark ? Fresh(reading) : reading, _registry, buffer);
        var ticket = payload.Command is { } command ? _door!.Admit(command, 10) : _door!.Admit(buffer, 10);
        _owed.Enqueue((ticket, number));
        if (_control == Control.AcknowledgesBeforeTheCommit)
            Through(ticket);
    }

    // As if it had no time of its own: one that is sent again is a new one.
    private ScriptReading Fresh(ScriptReading reading)
    {
        var time = _fresh.TryGetValue(reading.Device, out var last) && last >= reading.Time ? last + TimeSpan.FromSeconds(1) : reading.Time;
        _fresh[reading.Device] = time;
        return reading with { Time = time, Sequence = Sample.Unnumbered };
    }

    private void Through(long ticket)
    {
        while (_owed.TryPeek(out var owed) && owed.Ticket <= ticket)
            _wire.Acknowledge(_owed.Dequeue().Number);
    }

    private void WriteSlice()
    {
        if (!_store!.WriteSlice())
            Note("a slice could not be written");
    }

    private void Send()
    {
        if (!_outbox.TryNext(out var message))
            return;
        Note($"sends {message.Topic}");
        _wire.Send(message);
    }

    private void Hear()
    {
        var (message, refused) = _wire.Answer();
        _outbox.Done();
        _store!.Mark(message.Alert!, message.Retain, refused);
    }

    private void Command()
    {
        var id = _wire.Seen.Keys.ElementAt(_random.Next(_wire.Seen.Count));
        id = id[..id.LastIndexOf('-')];
        _wire.Add(new Payload([], _random.Next(4) switch
        {
            0 => new SetSensitivity(300 + _random.Next(600), _random.Chance(0.5) ? null : "d0"),
            1 => new UndoNormal(id),
            2 => new CallNormal(id, TimeSpan.FromSeconds(20)),
            _ => new CallNormal(id, null),
        }));
    }

    private static Outgoing Outgoing(AlertEvent alert) => new($"alerts {alert.Id}", System.Text.Encoding.UTF8.GetBytes(Witness.BodyOf(alert)), null, Retain: false, AtLeastOnce: true, Alert: alert);

    private static Outgoing Shown(AlertEvent alert) =>
        Outgoing(alert) with { Topic = $"open {alert.AlertId}", Body = alert.Status == AlertStatus.Resolved ? [] : [1], Retain = true };

    private void Note(string what) => _trace?.Add(what);
}
