using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MQTTnet;
using MQTTnet.Formatter;
using Polly;
using Polly.Retry;

namespace StreamRnn.Mqtt;

/// <summary>The broker understood us and said no: a password, a permission, a client id. Trying again at once would change nothing.</summary>
public sealed class BrokerRefusedException(string message) : Exception(message);

/// <summary>The broker holds the connection open and does not answer.</summary>
public sealed class BrokerSilentException(string message) : Exception(message);

/// <summary>Our options in MQTTnet's terms.</summary>
internal static class Connecting
{
    /// <summary>How long connecting and saying hello may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>After a refusal: long enough not to look like an attack, short enough to notice a corrected password.</summary>
    public static readonly TimeSpan AfterRefusal = TimeSpan.FromSeconds(30);

    public static bool IsVersion5(this MqttOptions options) => options.ProtocolVersion == "5.0";

    /// <param name="port">The port, where it is not the configured one: that of an embedded broker that was given a free port.</param>
    public static MqttClientOptions ToClientOptions(this MqttOptions options, string clientId, string host, int port)
    {
        var version5 = options.IsVersion5();
        return new MqttClientOptions
        {
            ProtocolVersion = version5 ? MqttProtocolVersion.V500 : MqttProtocolVersion.V311,
            ClientId = clientId,
            CleanSession = false,
            KeepAlivePeriod = options.KeepAlive,
            Timeout = Patience,
            // One packet, one write: our acknowledgements go between the client's packets.
            AllowPacketFragmentation = false,
            Credentials = options.Username is { } user ? new MqttClientCredentials(user, Password(options)) : null,
            SessionExpiryInterval = version5 ? (uint)options.SessionExpiry.TotalSeconds : 0,
            ChannelOptions = new MqttClientTcpOptions
            {
                RemoteEndpoint = new DnsEndPoint(host, port),
                BufferSize = 256 << 10,
                // The default resets the connection on close, which can overtake the last DISCONNECT and set off the Will.
                LingerState = new LingerOption(false, 0),
                TlsOptions = Tls(options.Tls),
            },
        };
    }

    /// <summary>Tries again for as long as it takes, at growing distances with jitter; after a refusal at <see cref="AfterRefusal"/>. What cancels the attempt ends it.</summary>
    /// <param name="longest">Between two attempts.</param>
    /// <param name="failed">Is told why, and after what time the next attempt follows.</param>
    public static RetryStrategyOptions<T> Backoff<T>(TimeSpan longest, Action<Exception, TimeSpan> failed) => new()
    {
        ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Exception is not null && !attempt.Context.CancellationToken.IsCancellationRequested),
        MaxRetryAttempts = int.MaxValue,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        Delay = TimeSpan.FromMilliseconds(250),
        MaxDelay = longest,
        DelayGenerator = attempt => ValueTask.FromResult<TimeSpan?>(attempt.Outcome.Exception is BrokerRefusedException ? AfterRefusal : null),
        OnRetry = attempt =>
        {
            failed(attempt.Outcome.Exception!, attempt.RetryDelay);
            return ValueTask.CompletedTask;
        },
    };

    /// <summary>What to tell a person of a connection that the broker refused.</summary>
    public static string Refusal(MqttOptions options, MqttClientConnectResult result)
    {
        var code = result.ResultCode;
        var advice = code switch
        {
            MqttClientConnectResultCode.BadUserNameOrPassword or MqttClientConnectResultCode.NotAuthorized =>
                options.Username is null ? "it wants a user name: set Mqtt:Username and Mqtt:PasswordFile"
                : $"check the password of user '{options.Username}' (Mqtt:Username, Mqtt:PasswordFile) and what the broker lets this user do",
            MqttClientConnectResultCode.ClientIdentifierNotValid => $"it does not like the client id '{options.ClientId}' (Mqtt:ClientId)",
            MqttClientConnectResultCode.UnsupportedProtocolVersion => $"it does not speak MQTT {options.ProtocolVersion}: set Mqtt:ProtocolVersion to {(options.IsVersion5() ? "3.1.1" : "5.0")}",
            _ => "see the broker's log",
        };
        return $"the broker refused the connection: {code}{(string.IsNullOrEmpty(result.ReasonString) ? "" : $" ({result.ReasonString})")}; {advice}";
    }

    private static byte[]? Password(MqttOptions options) =>
        options.PasswordFile is { } file ? Encoding.UTF8.GetBytes(TrimLineBreak(File.ReadAllText(file)))
        : options.Password is { } password ? Encoding.UTF8.GetBytes(password) : null;

    private static string TrimLineBreak(string text) =>
        text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;

    private static MqttClientTlsOptions Tls(TlsOptions tls)
    {
        if (!tls.Enabled)
            return new MqttClientTlsOptions { UseTls = false };
        var options = new MqttClientTlsOptions
        {
            UseTls = true,
            TargetHost = tls.TargetHost,
            // A private authority rarely serves revocation lists, and a service must not stop because one is out of reach.
            RevocationMode = X509RevocationMode.NoCheck,
        };
        if (tls.CaFile is { } ca)
        {
            options.TrustChain = [];
            options.TrustChain.ImportFromPemFile(ca);
        }

        if (tls.ClientCertificateFile is { } certificate)
            options.ClientCertificatesProvider = new DefaultMqttCertificatesProvider(
                new X509Certificate2Collection(X509Certificate2.CreateFromPemFile(certificate, tls.ClientKeyFile ?? certificate)));
        return options;
    }
}
