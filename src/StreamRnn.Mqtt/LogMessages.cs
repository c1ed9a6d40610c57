using Microsoft.Extensions.Logging;

namespace StreamRnn.Mqtt;

/// <summary>Every line that this room writes to the log.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(1, LogLevel.Information, "Listening on {Broker} to {Filters}")]
    public static partial void Listening(ILogger log, string broker, string filters);

    [LoggerMessage(2, LogLevel.Warning, "Lost the connection to {Broker}: {Why}; connecting again")]
    public static partial void ConnectionLost(ILogger log, string broker, string why);

    [LoggerMessage(3, LogLevel.Warning, "Cannot reach {Broker} as {Client}: {Why}; trying again in {Delay}")]
    public static partial void CannotConnect(ILogger log, string broker, string client, string why, TimeSpan delay);

    [LoggerMessage(4, LogLevel.Warning, "The broker {Broker} has no session of ours any more: readings sent while we were away may be missing")]
    public static partial void SessionLost(ILogger log, string broker);

    [LoggerMessage(5, LogLevel.Error, "The broker refused the subscription to {Filter}: {Code}")]
    public static partial void SubscriptionRefused(ILogger log, string filter, string code);

    [LoggerMessage(6, LogLevel.Warning, "Payload on {Topic} rejected, {Reason}: {Why} (said at most once a minute for each reason; all are counted)")]
    public static partial void PayloadRejected(ILogger log, string topic, string reason, string why);

    [LoggerMessage(7, LogLevel.Information, "Times on {Source} are read as {Form}")]
    public static partial void TimeForm(ILogger log, string source, TimeForm form);

    [LoggerMessage(8, LogLevel.Information, "Publishing to {Broker} under {Root}/")]
    public static partial void Publishing(ILogger log, string broker, string root);

    [LoggerMessage(9, LogLevel.Error, "The broker refused what we published on {Topic}: {Code}; it is not sent again")]
    public static partial void PublishRefused(ILogger log, string topic, string code);

    [LoggerMessage(10, LogLevel.Error, "{Count} alert events wait for the broker, the oldest are being dropped")]
    public static partial void AlertsDropped(ILogger log, int count);

    [LoggerMessage(11, LogLevel.Warning, "Stopped with {Count} messages that the broker has not taken")]
    public static partial void LeftUnsent(ILogger log, int count);

    [LoggerMessage(12, LogLevel.Information, "Embedded broker listens on {Host}:{Port} {Tls}, {Whom}")]
    public static partial void EmbeddedBrokerListens(ILogger log, string host, int port, string tls, string whom);

    [LoggerMessage(13, LogLevel.Warning, "Embedded broker refused {What} of client {Client}: {Why}")]
    public static partial void EmbeddedBrokerRefused(ILogger log, string what, string client, string why);

    [LoggerMessage(14, LogLevel.Warning, "Embedded broker drops queued messages of client {Client}: it does not keep up")]
    public static partial void EmbeddedBrokerDrops(ILogger log, string client);

    [LoggerMessage(15, LogLevel.Warning, "Cannot close the connection to {Broker} in good order: {Why}")]
    public static partial void UncleanClose(ILogger log, string broker, string why);

    [LoggerMessage(16, LogLevel.Error, "{Broker} closed {Times} connections in a row as soon as they were made: is there another client with our id '{Client}' (Mqtt:ClientId), a second instance?")]
    public static partial void ShortLived(ILogger log, string broker, int times, string client);

    [LoggerMessage(17, LogLevel.Information, "Command {Name}: {Message}")]
    public static partial void CommandDone(ILogger log, string name, string message);

    [LoggerMessage(18, LogLevel.Warning, "Command {Name} refused: {Message}")]
    public static partial void CommandRefused(ILogger log, string name, string message);

    [LoggerMessage(19, LogLevel.Warning, "Embedded broker listens on {Host}:{Port} beyond this machine without TLS: passwords and readings can be read on the way. Give it a certificate (Mqtt:Embedded:CertificateFile)")]
    public static partial void EmbeddedBrokerInTheClear(ILogger log, string host, int port);
}
