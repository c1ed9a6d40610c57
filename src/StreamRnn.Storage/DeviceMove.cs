using Microsoft.Data.Sqlite;
using StreamRnn.Alerts;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Storage;

/// <summary>What came of an import.</summary>
/// <param name="Position">The entry with which the device came.</param>
/// <param name="Lost">What could not be taken over.</param>
/// <param name="Open">Its alerts that are open.</param>
/// <param name="Closed">Alerts of the device that it took the place of: closed as expired, to be told at the next start.</param>
public sealed record Imported(Device Device, long Position, Anew Lost, IReadOnlyList<AlertEvent> Open, IReadOnlyList<AlertEvent> Closed);

/// <summary>One device from one store to another: out while the service runs, in where none does.</summary>
public static class DeviceMove
{
    private const int Tries = 5;

    /// <summary>The device as it is now: its row of the checkpoint, and the entries after it.</summary>
    /// <param name="begin">Makes a registry, and with it a detector and a waiting room that have folded nothing: what the service of the store has. Called again where the service wrote a checkpoint meanwhile.</param>
    /// <exception cref="StoreException">The device is not in the store, or the store cannot be used.</exception>
    public static MovedDevice Export(string folder, string name, Func<(DeviceRegistry Registry, Func<(Detector Detector, WaitingRoom Room)> Detector)> begin)
    {
        for (var attempt = 1; ; attempt++)
        {
            // The checkpoint first: the journal, opened after it, then holds what follows, unless another checkpoint let go of it meanwhile.
            var (storeId, id) = NumberOf(folder, name);
            using var checkpoint = CheckpointFile.Open(folder, storeId, readOnly: true);
            var common = Sound(checkpoint.ReadCommon);
            var row = Sound(() => checkpoint.ReadDevice(id));
            var (registry, make) = begin();
            using var journal = Journal.OpenAsItIs(folder, registry);
            if (journal.First > (common?.Position ?? 0) + 1 && attempt < Tries)
                continue;
            var (detector, room) = make();
            using (detector)
                return Sound(() => Live(journal, id, common, row, detector, room));
        }
    }

    /// <summary>Takes a device in: its state, its names, its open alerts; in one durable transaction.</summary>
    /// <param name="name">What it is called here; null: as there.</param>
    /// <param name="replace">Where the device is known here already, what is known of it is let go of.</param>
    /// <param name="registry">Knows no device yet.</param>
    /// <param name="begin">Makes a detector that has folded nothing, with what the service of this store will have.</param>
    /// <exception cref="StoreException">Somebody uses the store, the device has state here, or its state cannot be used. Nothing was changed.</exception>
    public static Imported Import(string folder, MovedDevice moved, string? name, bool replace, DeviceRegistry registry, Func<Detector> begin, TimeProvider clock)
    {
        using var held = StoreLock.Take(folder, clock);
        using var journal = Journal.Open(folder, registry);
        name ??= moved.Name;
        var known = registry.Devices.Any(d => d.Name == name);
        if (known && !replace)
            throw new StoreException($"the device '{name}' is in the store {folder} already. Take it in under another name with --as, or let go of what is known of it here with --replace.");
        var device = Register(registry, name, moved);
        var (now, position) = (Instant.From(clock.GetUtcNow()), journal.Position + 1);
        var heard = journal.ReadFrom(Math.Max(1, journal.Position)).LastOrDefault()?.Heard ?? now;
        var state = Sound(() => moved.StateAt(heard));
        using var detector = begin();
        var lost = Sound(() => detector.Restore(device, position, state));
        AlertEvent[] open = [.. detector.OpenAlertsOf(device)];
        if (name != moved.Name && open.Length > 0)
            throw new StoreException($"an alert of {moved.Name} is open ({open[0].AlertId}), and its id is made of the device's name: take it in under its own name, or export it again when the alert is over.");
        AlertEvent[] closed = [.. journal.LastEvents().Select(e => e.Alert).Where(e => e.Device == name && e.Status != AlertStatus.Resolved && !open.Any(o => o.AlertId == e.AlertId)).Select(e => Closed(e, now))];

        journal.Names.IdOf(device);
        foreach (var channel in device.Channels)
            journal.Names.IdOf(channel);
        journal.Add(new Arrivals { Now = now, Heard = heard });
        journal.Add([.. open, .. closed], position);
        foreach (var alert in open)
            journal.Mark(new Mark(alert.AlertId, alert.Sequence, Shown: false, Refused: false));       // the other machine told it; what is open is shown here
        journal.Add(new Import(journal.Names.IdOf(device), position, now, $"store {moved.Store} at entry {moved.Position}", state));
        try
        {
            journal.Commit();
        }
        catch (SqliteException e)
        {
            throw Sqlite.Fault(journal.Path, "writing to it", e);
        }

        return new Imported(device, position, lost, open, closed);
    }

    private static MovedDevice Live(Journal journal, int id, Common? common, (long Position, byte[] State)? row, Detector detector, WaitingRoom room)
    {
        var device = journal.Names.DeviceOf(id);
        if (common is null && journal.First > 1)
            throw new StoreException($"{journal.Path} begins at entry {journal.First} and no checkpoint is beside it: what came before is missing. {StoreException.WhatToDo}");
        if (common is { } saved)
        {
            detector.RestoreCommon(saved.State);
            room.Restore(saved.Room, journal.Names.ChannelOf);
        }

        if (journal.Imports().Find(i => i.Device == id) is { } import && (row is null || row.Value.Position < import.Position))
            row = (import.Position, import.State);
        if (row is { } known)
            detector.Restore(device, known.Position, known.State);
        var (own, now) = (new Arrivals(), default(Instant));
        foreach (var entry in journal.ReadFrom(Math.Max(1, Math.Min((common?.Position ?? 0) + 1, journal.Position))))
        {
            now = entry.Now;
            if (entry.Position <= common?.Position)
                continue;
            entry.CopyOf(device, own);
            detector.Fold(room.Take(own));
        }

        if (room.TryFlush(out var waiting))
        {
            (waiting.Now, waiting.Heard) = (now, detector.Heard);
            detector.Fold(waiting);
        }

        return new MovedDevice(journal.StoreId, journal.Position, device.Name, device.Origin, now, detector.Heard, [.. device.Channels.Select(c => c.Name)], detector.Copy(device));
    }

    private static (string Store, int Device) NumberOf(string folder, string name)
    {
        var registry = DeviceRegistry.Unbounded();
        using var journal = Journal.OpenAsItIs(folder, registry);
        return (journal.StoreId, journal.Names.IdOf(registry.Find(name) ?? throw StoreException.NoDevice(name, folder, registry.DeviceCount)));
    }

    private static Device Register(DeviceRegistry registry, string name, MovedDevice moved)
    {
        if (!registry.TryGetDevice(name, out var device, out var refusal, moved.Origin))
            throw new StoreException($"the device '{name}' was refused: {refusal}.");
        foreach (var channel in moved.Channels)
        {
            if (!registry.TryGetChannel(device, channel, out _, out var why))
                throw new StoreException($"the channel '{channel}' of '{name}' was refused: {why}.");
        }

        return device;
    }

    private static AlertEvent Closed(AlertEvent last, Instant now)
    {
        var told = last with
        {
            Status = AlertStatus.Resolved,
            Resolution = Resolution.Expired,
            Sequence = last.Sequence + 1,
            DetectedAt = now,
            ResolvedAt = last.EventTime,
        };
        return told with { Summary = Summary.Of(told, null) };
    }

    private static T Sound<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is SnapshotException or DamageException)
        {
            throw new StoreException($"{e.Message}. Nothing was changed.", e);
        }
    }
}
