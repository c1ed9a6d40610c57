using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using MQTTnet.Protocol;

namespace StreamRnn.Mqtt;

/// <summary>The users of the embedded broker: who may come in, under which client id, and on which topics. Without users anybody may, anywhere. Safe for several threads.</summary>
internal sealed class BrokerUsers : IDisposable
{
    /// <summary>The service itself, with a password that it makes at each start. No user can be configured under this name.</summary>
    public const string Own = "$streamrnn";

    private const int SessionsPerConnection = 10;

    private readonly EmbeddedBrokerOptions _options;
    private readonly Dictionary<string, (PasswordHash Hash, TopicRules Rules)> _users;
    private readonly WrongPasswords _wrong;
    private readonly SemaphoreSlim _hashing = new(1, 1);                             // one at a time: guessing shall not take all processors
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly byte[] _ownPassword;
    private readonly PasswordHash _nobody = PasswordHash.OfNobody();
    private readonly Lock _lock = new();
    private readonly Dictionary<string, byte[]> _known = new(StringComparer.Ordinal);       // user -> keyed hash of a password that was right: devices come again and again
    private readonly Dictionary<string, string> _owners = new(StringComparer.Ordinal);      // client id -> user, as long as its session lives
    private readonly Dictionary<string, int> _connected = new(StringComparer.Ordinal);      // user -> connections

    public BrokerUsers(EmbeddedBrokerOptions options, string root, TimeProvider clock)
    {
        (_options, _wrong) = (options, new WrongPasswords(clock));
        _users = options.Users.ToDictionary(
            user => user.Name,
            user => (PasswordHash.TryParse(user.PasswordHash, out var hash) ? hash : _nobody, new TopicRules(user.Name, user.Publish, user.Subscribe, root)),
            StringComparer.Ordinal);
        OwnPassword = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        _ownPassword = Encoding.UTF8.GetBytes(OwnPassword);
    }

    /// <summary>Whether there are users, so that everybody has to say who they are.</summary>
    public bool Any => _users.Count > 0;

    public string OwnPassword { get; }

    /// <summary>Whether somebody may come in, and why not.</summary>
    /// <param name="ownDoor">Whether they came through the door of the service's own connections.</param>
    /// <param name="sessions">The client ids that have a session now, asked for when we remember too many.</param>
    public async Task<(MqttConnectReasonCode Code, string Why)> AdmitAsync(
        string? user, byte[]? password, string clientId, IPAddress? from, bool ownDoor, Func<Task<IReadOnlySet<string>>> sessions, CancellationToken cancel)
    {
        if (ownDoor || user == Own)
        {
            if (!ownDoor || user != Own || !CryptographicOperations.FixedTimeEquals(password ?? [], _ownPassword))
                return (MqttConnectReasonCode.BadUserNameOrPassword, "that door is for the service itself");
        }
        else if (Any)
        {
            if (await CheckAsync(user ?? "", password ?? [], from, cancel).ConfigureAwait(false) is { } refusal)
                return refusal;
            lock (_lock)
            {
                if (_connected.GetValueOrDefault(user!) >= _options.MaxConnectionsPerUser)
                    return (MqttConnectReasonCode.QuotaExceeded, string.Create(CultureInfo.InvariantCulture, $"{_connected[user!]} connections of user '{user}' are open (Mqtt:Embedded:MaxConnectionsPerUser)"));
            }
        }

        return await OwnAsync(clientId, Any ? user! : "", sessions).ConfigureAwait(false);
    }

    public bool MayPublish(string? user, string topic) => !Any || user == Own || (_users.TryGetValue(user ?? "", out var known) && known.Rules.MayPublish(topic));

    public bool MaySubscribe(string? user, string filter) => !Any || user == Own || (_users.TryGetValue(user ?? "", out var known) && known.Rules.MaySubscribe(filter));

    public void Connected(string? user, int change)
    {
        lock (_lock)
            _connected[user ?? ""] = Math.Max(0, _connected.GetValueOrDefault(user ?? "") + change);
    }

    /// <summary>The session of a client id is gone: anybody may use the id.</summary>
    public void Forget(string clientId)
    {
        lock (_lock)
            _owners.Remove(clientId);
    }

    public void Dispose() => _hashing.Dispose();

    private async Task<(MqttConnectReasonCode, string)?> CheckAsync(string user, byte[] password, IPAddress? from, CancellationToken cancel)
    {
        var keyed = HMACSHA256.HashData(_secret, password);
        lock (_lock)
        {
            // A right password is taken even where others are guessing from the same address.
            if (_known.TryGetValue(user, out var before) && CryptographicOperations.FixedTimeEquals(before, keyed))
                return null;
        }

        if (!_wrong.MayTry(from))
            return TooMany;
        if (!await _hashing.WaitAsync(Connecting.Patience, cancel).ConfigureAwait(false))
            return (MqttConnectReasonCode.ServerBusy, "too many passwords are being checked");
        try
        {
            if (!_wrong.MayTry(from))                         // it may have guessed many times at once
                return TooMany;
            var isKnown = _users.TryGetValue(user, out var known);
            if ((isKnown ? known.Hash : _nobody).IsOf(password) && isKnown)
            {
                _wrong.Right(from);
                lock (_lock)
                    _known[user] = keyed;
                return null;
            }

            _wrong.Wrong(from);
            return (MqttConnectReasonCode.BadUserNameOrPassword, user.Length == 0 ? "it gave no user name" : $"the user '{user}' is not known, or the password is wrong");
        }
        finally
        {
            _hashing.Release();
        }
    }

    private static (MqttConnectReasonCode, string)? TooMany => (MqttConnectReasonCode.ServerBusy, "too many wrong passwords from its address; it has to wait");

    /// <summary>A session, with what waits in it, belongs to the user who began it: another cannot take it over by its client id.</summary>
    private async Task<(MqttConnectReasonCode, string)> OwnAsync(string clientId, string user, Func<Task<IReadOnlySet<string>>> sessions)
    {
        if (clientId.Length > 200)
            return (MqttConnectReasonCode.ClientIdentifierNotValid, "its client id has more than 200 characters");
        var most = SessionsPerConnection * _options.MaxConnections;
        if (TryOwn())
            return (MqttConnectReasonCode.Success, "");
        var living = await sessions().ConfigureAwait(false);
        lock (_lock)
        {
            foreach (var gone in _owners.Keys.Where(id => !living.Contains(id)).ToList())
                _owners.Remove(gone);
        }

        if (TryOwn())
            return (MqttConnectReasonCode.Success, "");
        lock (_lock)
        {
            return _owners.ContainsKey(clientId) ? (MqttConnectReasonCode.ClientIdentifierNotValid, "its client id is another user's")
                : (MqttConnectReasonCode.QuotaExceeded, string.Create(CultureInfo.InvariantCulture, $"{_owners.Count} sessions are kept"));
        }

        bool TryOwn()
        {
            lock (_lock)
            {
                if (_owners.TryGetValue(clientId, out var owner))
                    return owner == user;
                if (_owners.Count >= most || (user.Length > 0 && user != Own && _owners.Values.Count(o => o == user) >= SessionsPerConnection * _options.MaxConnectionsPerUser))
                    return false;
                _owners.Add(clientId, user);
                return true;
            }
        }
    }
}
