using Microsoft.Extensions.Logging;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Mqtt;

/// <summary>Is told of payloads that could not be used. Called on the thread that reads from the broker, so it must not wait.</summary>
public delegate void DeadLetterHandler(ReadOnlySpan<byte> payload, in DecodeFailure failure);

/// <summary>From a PUBLISH packet's topic and payload through the decoder into the door. Used by one thread, that which reads from the broker.</summary>
internal sealed class Intake
{
    private static readonly TimeSpan SayAgainAfter = TimeSpan.FromMinutes(1);

    private readonly PayloadDecoder _decoder;
    private readonly Door _door;
    private readonly TimeProvider _clock;
    private readonly DeadLetterHandler _deadLetter;
    private readonly ILogger _log;
    private readonly byte[] _ownTopics;
    private readonly CommandCodec? _commands;
    private readonly ReadingBuffer _readings = new();
    private readonly int[] _timeFormsSaid;                        // per source, one bit for each form that was said in the log
    private readonly Dictionary<string, long> _said = [];         // reason of a failure -> when it was last logged

    /// <param name="root">Root of the topics that we publish on ourselves: never readings, whatever the sources say.</param>
    /// <param name="commands">Whether commands are carried out.</param>
    public Intake(PayloadDecoder decoder, Door door, string root, TimeProvider clock, DeadLetterHandler deadLetter, ILogger log, bool commands = true)
    {
        (_decoder, _door, _clock, _deadLetter, _log) = (decoder, door, clock, deadLetter, log);
        _ownTopics = System.Text.Encoding.UTF8.GetBytes(root + "/");
        _commands = commands ? new CommandCodec(root) : null;
        _timeFormsSaid = new int[decoder.Templates.Count];
    }

    public ValueTask WaitForRoomAsync(CancellationToken cancel) => _door.WaitForRoomAsync(cancel);

    /// <summary>Decodes and admits; whatever comes of the payload, it takes its turn to be acknowledged.</summary>
    /// <returns>The ticket that has to be through before the payload may be acknowledged.</returns>
    public long Take(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, bool retained)
    {
        _readings.Clear();
        if (retained)
            Instruments.RetainedIgnored.Add(1);
        else if (!topic.StartsWith(_ownTopics))
            Account(payload, _decoder.Decode(topic, payload, Instant.From(_clock.GetUtcNow()), _readings));
        return _door.Admit(_readings, payload.Length);
    }

    /// <summary>Whether it is a command to us: a topic below <c>{root}/cmd/</c>, where commands are wanted. Else it is one of our own topics, and ignored.</summary>
    public bool IsCommand(ReadOnlySpan<byte> topic) => _commands is not null && topic.StartsWith(_commands.Prefix);

    /// <summary>A command takes its turn behind the readings that came before it. One that is none does too: it is answered, and its payload is a dead letter.</summary>
    public long TakeCommand(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, bool retained, ReadOnlySpan<byte> properties)
    {
        if (retained && payload.IsEmpty)
        {
            _readings.Clear();                                   // somebody clears the topic
            return _door.Admit(_readings, 0);
        }

        var command = _commands!.Decode(topic, payload, retained, properties);
        if (command is NoCommand none)
            Refuse(payload, new DecodeFailure(System.Text.Encoding.UTF8.GetString(topic), Reasons.BadCommand, none.Problem, -1));
        return _door.Admit(command, payload.Length);
    }

    /// <summary>The same for a packet that was too large to be read: <paramref name="payload"/> is its beginning.</summary>
    public long TakeTooLarge(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, long bytes)
    {
        _readings.Clear();
        Account(payload, _decoder.TooLarge(topic, bytes));
        return _door.Admit(_readings, 0);
    }

    private void Account(ReadOnlySpan<byte> payload, in Decoded decoded)
    {
        if (_readings.ReadingCount > 0)
        {
            Instruments.Received(_readings.ReadingCount, decoded.Format);
            if ((_timeFormsSaid[decoded.Source] & (1 << (int)decoded.TimeForm)) == 0)
                SayTimeForm(decoded);
        }

        if (decoded.IgnoredStrings > 0)
            Instruments.StringsIgnored.Add(decoded.IgnoredStrings);
        if (decoded.Failure is { } failure)
            Refuse(payload, failure);
    }

    private void Refuse(ReadOnlySpan<byte> payload, in DecodeFailure failure)
    {
        Instruments.Rejected(failure.Reason);
        _deadLetter(payload, failure);
        var now = _clock.GetTimestamp();
        if (_said.TryGetValue(failure.Reason, out var last) && _clock.GetElapsedTime(last, now) < SayAgainAfter)
            return;
        _said[failure.Reason] = now;
        LogMessages.PayloadRejected(_log, failure.Topic, failure.Reason, failure.Message);
    }

    private void SayTimeForm(in Decoded decoded)
    {
        _timeFormsSaid[decoded.Source] |= 1 << (int)decoded.TimeForm;
        if (decoded.TimeForm != TimeForm.Arrival)
            LogMessages.TimeForm(_log, _decoder.Templates[decoded.Source].Text, decoded.TimeForm);
    }
}
