using System.Net;

namespace StreamRnn.Mqtt;

/// <summary>
/// Slows down who guesses passwords: after <see cref="Free"/> wrong ones in a row from an address, attempts from there are refused unlooked at for 1 s, then 2, 4 … 64 s. A right password forgives.
/// Addresses of IPv6 count by their /64 network, which one household has. Safe for several threads.
/// </summary>
internal sealed class WrongPasswords(TimeProvider clock)
{
    /// <summary>Wrong passwords without a consequence.</summary>
    public const int Free = 5;

    private const int LongestSeconds = 64, MaxAddresses = 10_000;
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(15);

    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, (int Wrong, long Last)> _addresses = [];

    /// <summary>Whether an attempt from there is looked at now.</summary>
    public bool MayTry(IPAddress? from)
    {
        lock (_lock)
            return !_addresses.TryGetValue(KeyOf(from), out var known) || clock.GetElapsedTime(known.Last) >= Pause(known.Wrong);
    }

    public void Wrong(IPAddress? from)
    {
        lock (_lock)
        {
            if (_addresses.Count >= MaxAddresses)
            {
                foreach (var old in _addresses.Where(a => clock.GetElapsedTime(a.Value.Last) > Forgotten).Select(a => a.Key).ToList())
                    _addresses.Remove(old);
            }

            // An attack from more addresses than we keep: what does not fit is one address.
            var key = KeyOf(from);
            if (_addresses.Count >= MaxAddresses && !_addresses.ContainsKey(key))
                key = 0;
            var wrong = _addresses.TryGetValue(key, out var known) && clock.GetElapsedTime(known.Last) <= Forgotten ? known.Wrong : 0;
            _addresses[key] = (wrong + 1, clock.GetTimestamp());
        }
    }

    public void Right(IPAddress? from)
    {
        lock (_lock)
            _addresses.Remove(KeyOf(from));
    }

    /// <summary>Which addresses count as one: 128 bits, of IPv6 the first 64.</summary>
    public static UInt128 KeyOf(IPAddress? address)
    {
        if (address is null)
            return 0;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        var key = UInt128.Zero;
        foreach (var b in address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? address.GetAddressBytes().AsSpan(0, 8) : address.GetAddressBytes())
            key = (key << 8) | b;
        return address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? (key << 64) | 1 : key;
    }

    private static TimeSpan Pause(int wrong) => wrong < Free ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(LongestSeconds, 1 << Math.Min(wrong - Free, 10)));
}
