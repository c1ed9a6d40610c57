using System.Buffers;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using StreamRnn.Pipeline;

namespace StreamRnn.Storage;

/// <summary>
/// Passes over the devices that changed: the pump's thread copies a slice between entries, a thread of its own writes it, once the journal has all that the slice reflects. A pass that began at
/// position S ends by writing what belonged to no device at S; then entries up to S are not needed any more.
/// </summary>
internal sealed class CheckpointWriter : IDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private readonly CheckpointFile _file;
    private readonly Journal _journal;
    private readonly Detector _detector;
    private readonly WaitingRoom _room;
    private readonly StorageOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _work = new(0);
    private readonly DeviceStates _slice = new();
    private readonly List<int> _ids = [];                   // of its devices
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread? _thread;
    // The slice belongs to the pump's thread while it is free or filled, to the writer's while it is handed over.
    private volatile bool _handedOver;
    private volatile Exception? _fault;
    private bool _filled, _inPass, _disposed;
    private Common? _begun, _last;
    private long _sliceNeeds, _passed, _position;
    private long _beganAt, _wholeAt;

    /// <param name="position">Of the checkpoint that was loaded; 0: none.</param>
    public CheckpointWriter(CheckpointFile file, Journal journal, Detector detector, WaitingRoom room, StorageOptions options, long position, TimeProvider clock, ILogger log)
    {
        (_file, _journal, _detector, _room, _options, _clock, _log) = (file, journal, detector, room, options, clock, log);
        (_position, _beganAt) = (position, clock.GetTimestamp());
        _wholeAt = _beganAt;
        Instruments.Watch(this);
        if (!options.OwnThread)
            return;
        _thread = new Thread(Run) { Name = "checkpoint", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Of the last whole checkpoint.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <summary>Since the last whole checkpoint began: so much is folded again after a kill. In a process that has made none yet, since its start.</summary>
    public TimeSpan Age => _clock.GetElapsedTime(Volatile.Read(ref _wholeAt));

    /// <summary>On the pump's thread: of the pass that is under way some slices are written, and some are not.</summary>
    public bool IsAmid => _inPass && !_filled && !_handedOver;

    /// <summary>On the pump's thread, between entries.</summary>
    /// <exception cref="StoreException">The file cannot be written, and never will.</exception>
    public void Step()
    {
        if (_fault is { } fault)
            throw new StoreException($"{_file.Path}: writing states failed: {fault.Message}", fault);
        if (!_handedOver)
            Advance(begins: _clock.GetElapsedTime(_beganAt) >= _options.CheckpointEvery);
    }

    /// <summary>Writes the slice that was handed over, if one was: on the writer's thread, or in its place on that of who steps a store without one.</summary>
    /// <returns>False: it cannot be written now, and stays.</returns>
    public bool WriteSlice()
    {
        if (!_handedOver || _fault is not null)
            return true;
        try
        {
            _file.Write(_slice, _ids, _last);
        }
        catch (SqliteException e) when (Sqlite.MayPass(e))
        {
            LogMessages.CannotWrite(_log, _file.Path, Sqlite.Why(e), RetryAfter);
            return false;
        }
        catch (SqliteException e)
        {
            _fault = e;
            return true;
        }

        if (_last is { } last)
        {
            Volatile.Write(ref _position, last.Position);
            Volatile.Write(ref _wholeAt, _beganAt);
        }

        Instruments.CheckpointBytes.Add(_slice.Length);
        _handedOver = false;
        return true;
    }

    /// <summary>Ends the pass that is under way and makes another, after the last entry: the writer's thread first, the rest on the calling thread. What is not done in time is folded again at the next start.</summary>
    public void Finish(TimeSpan grace)
    {
        var began = _clock.GetTimestamp();
        _stop.Cancel();
        if (_thread?.Join(grace) == false)
            return;                                         // the disk does not answer
        for (var begun = false; _fault is null && _clock.GetElapsedTime(began) < grace;)
        {
            if (_handedOver && !WriteSlice())
                return;
            var between = !_filled && !_inPass;
            if ((between && (begun || _detector.Position == Position)) || !Advance(begins: true))
                return;
            begun |= between;
        }
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        Instruments.Forget(this);
        _stop.Cancel();
        _thread?.Join();
        _stop.Dispose();
        _work.Dispose();
    }

    /// <summary>The next step of a pass: copies a slice, hands over the one that is filled, or begins.</summary>
    /// <returns>False: there is nothing to do, or nothing yet.</returns>
    private bool Advance(bool begins)
    {
        if (_filled)
            return HandOver();
        if (!_inPass && !(begins && Begin()))
            return false;
        Copy();
        return true;
    }

    private bool Begin()
    {
        _beganAt = _clock.GetTimestamp();
        if (_detector.Position == _passed && _passed > 0)
            return false;
        var (state, room) = (new ArrayBufferWriter<byte>(), new ArrayBufferWriter<byte>());
        _detector.SaveCommon(state);
        _room.Save(room, channel => _journal.Names.IdOf(channel));
        _begun = new Common(_detector.Position, state.WrittenSpan.ToArray(), room.WrittenSpan.ToArray());
        _passed = _detector.Position;
        return _inPass = true;
    }

    private void Copy()
    {
        _slice.Clear();
        var done = _detector.CopyChanged(_slice, _options.SliceBytes);
        _ids.Clear();
        for (var i = 0; i < _slice.Count; i++)
            _ids.Add(_journal.Names.IdOf(_slice.DeviceOf(i)));
        (_sliceNeeds, _filled) = (_detector.Position, true);
        (_inPass, _last) = (!done, done ? _begun : null);
        HandOver();
    }

    private bool HandOver()
    {
        if (_journal.Committed < _sliceNeeds)
            return false;                                   // with the next entry it is
        (_filled, _handedOver) = (false, true);
        _work.Release();
        return true;
    }

    private void Run()
    {
        try
        {
            while (_fault is null)
            {
                _work.Wait(_stop.Token);
                while (!WriteSlice())
                    Pause.For(RetryAfter, _clock, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            return;                                         // asked to stop
        }
#pragma warning disable CA1031 // on this thread it would end the process unsaid; the pump's thread says it with the next entry
        catch (Exception e)
#pragma warning restore CA1031
        {
            _fault = e;
        }
    }
}
