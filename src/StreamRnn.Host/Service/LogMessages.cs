using Microsoft.Extensions.Logging;

namespace StreamRnn.Host.Service;

/// <summary>All that the host says in the log.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(1, LogLevel.Information, "No broker is named, so the embedded one listens on {Broker}, for this machine only. Try: mosquitto_pub -p {Port} -t devices/office/temperature -m 21.5; alerts come on {Root}/alerts/#")]
    private static partial void HowToPublish(ILogger log, string broker, string port, string root);

    public static void HowToPublish(ILogger log, string broker, string root) => HowToPublish(log, broker, broker[(broker.LastIndexOf(':') + 1)..], root);

    [LoggerMessage(2, LogLevel.Information, "Connecting to the broker {Broker}")]
    public static partial void WaitingFor(ILogger log, string broker);

    [LoggerMessage(3, LogLevel.Information, "Ready: subscribed at {Broker}")]
    public static partial void Ready(ILogger log, string broker);

    [LoggerMessage(4, LogLevel.Critical, "The pipeline died; this is a bug of ours. What it had not finished is not acknowledged and comes again")]
    public static partial void Died(ILogger log, Exception cause);

    [LoggerMessage(5, LogLevel.Information, "Stopping: finishing and acknowledging what was taken in, publishing what is due")]
    public static partial void Stopping(ILogger log);

    [LoggerMessage(6, LogLevel.Information, "Stopped")]
    public static partial void Stopped(ILogger log);

    [LoggerMessage(7, LogLevel.Information, "Devices on {Match} are predicted by the model {Id}, version {Version}, for {Columns}")]
    public static partial void Group(ILogger log, string match, string id, string version, string columns);

    [LoggerMessage(8, LogLevel.Warning, "{What}")]
    public static partial void ModelMissing(ILogger log, string what);

    [LoggerMessage(9, LogLevel.Information, "{What}")]
    public static partial void ModelPredicts(ILogger log, string what);

    [LoggerMessage(10, LogLevel.Critical, "Stopping, because the store failed: {What} What it had not taken in is not acknowledged and comes again")]
    public static partial void StoreFailed(ILogger log, string what);
}
