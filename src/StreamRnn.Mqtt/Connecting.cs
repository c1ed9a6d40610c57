using System.Globalization;
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
                TlsOptions = Tls(options.Tls, host),
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

    /// <summary>The innermost cause of a connection that failed or was lost, in one line.</summary>
    public static string Reason(Exception e, TlsOptions tls)
    {
        for (var cause = e; cause is not null; cause = cause.InnerException)
        {
            if (cause is TlsException or BrokerRefusedException or BrokerSilentException)
                return cause.Message;
        }

        if (e is OperationCanceledException)
            return $"no answer within {Patience.TotalSeconds} s" + (tls.Enabled ? "; is that port one for TLS?" : "");
        var message = e.GetBaseException().Message;
        // A broker that does not like our certificate, or misses it, closes the connection; TLS 1.3 tells no more.
        return !tls.Enabled || e.GetBaseException() is SocketException { SocketErrorCode: SocketError.ConnectionRefused or SocketError.HostNotFound } ? message
            : tls.ClientCertificateFile is null ? $"{message} (over TLS; perhaps it asks for a certificate of ours: Mqtt:Tls:ClientCertificateFile; or the port is not one for TLS)"
            : $"{message} (over TLS; perhaps it does not take our certificate in {tls.ClientCertificateFile})";
    }

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

    private static byte[]? Password(MqttOptions options)
    {
        if (options.PasswordFile is not { } file)
            return options.Password is { } password ? Encoding.UTF8.GetBytes(password) : null;
        try
        {
            return Encoding.UTF8.GetBytes(TlsFiles.TrimLineBreak(File.ReadAllText(file)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BrokerRefusedException($"the password cannot be read from {file} (Mqtt:PasswordFile): {e.Message}");
        }
    }

    /// <summary>Reads the files anew; what is wrong with them is a <see cref="TlsException"/>, and so is a broker's certificate that is not to be trusted.</summary>
    private static MqttClientTlsOptions Tls(TlsOptions tls, string host)
    {
        if (!tls.Enabled)
            return new MqttClientTlsOptions { UseTls = false };
        var name = tls.TargetHost ?? host;
        var trust = new BrokerTrust(TlsFiles.Authorities("Mqtt:Tls:CaFile", tls.CaFile), tls.CaFile, name, TimeProvider.System);
        var options = new MqttClientTlsOptions
        {
            UseTls = true,
            TargetHost = name,
            RevocationMode = X509RevocationMode.NoCheck,
            CertificateValidationHandler = shown => trust.Check(shown.Certificate, shown.Chain, shown.SslPolicyErrors),
        };
        if (TlsFiles.WithKey("Mqtt:Tls:Client", tls.ClientCertificateFile, tls.ClientKeyFile, tls.ClientKeyPasswordFile) is { } own)
        {
            var now = DateTime.UtcNow;
            if (now > own[0].NotAfter.ToUniversalTime() || now < own[0].NotBefore.ToUniversalTime())
                throw new TlsException(string.Create(CultureInfo.InvariantCulture,
                    $"our certificate in {tls.ClientCertificateFile} (Mqtt:Tls:ClientCertificateFile) is valid from {own[0].NotBefore.ToUniversalTime():u} to {own[0].NotAfter.ToUniversalTime():u}, and our clock says {now:u}; renew it, or set the clock"));
            options.ClientCertificatesProvider = new DefaultMqttCertificatesProvider(own);
        }

        return options;
    }
}
