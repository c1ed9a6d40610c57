using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace StreamRnn.Mqtt;

/// <summary>
/// A password as it may lie in a file: <c>pbkdf2-sha512$rounds$salt$key</c>, salt and key in base 64. PBKDF2 with HMAC-SHA-512 (RFC 8018, 2017), 210,000 rounds, a salt of 16 and a key of 32 bytes,
/// as OWASP advises (2023).
/// </summary>
public sealed class PasswordHash
{
    /// <summary>What the text begins with.</summary>
    public const string Kind = "pbkdf2-sha512";

    private const int Rounds = 210_000, FewestRounds = 1_000, MostRounds = 10_000_000, SaltBytes = 16, KeyBytes = 32;

    private readonly int _rounds;
    private readonly byte[] _salt;
    private readonly byte[] _key;

    private PasswordHash(int rounds, byte[] salt, byte[] key) => (_rounds, _salt, _key) = (rounds, salt, key);

    /// <summary>With a new salt.</summary>
    public static string Of(string password) => Of(password, Rounds);

    internal static string Of(string password, int rounds)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var key = Rfc2898DeriveBytes.Pbkdf2(password, salt, rounds, HashAlgorithmName.SHA512, KeyBytes);
        return string.Create(CultureInfo.InvariantCulture, $"{Kind}${rounds}${Convert.ToBase64String(salt)}${Convert.ToBase64String(key)}");
    }

    /// <returns>False where it is no such text, or one that is too weak or too slow to be meant.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out PasswordHash? hash)
    {
        hash = null;
        var parts = text.Split('$');
        if (parts.Length != 4 || parts[0] != Kind || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var rounds) || rounds is < FewestRounds or > MostRounds)
            return false;
        var (salt, key) = (new byte[64], new byte[64]);
        if (!Convert.TryFromBase64String(parts[2], salt, out var saltBytes) || saltBytes < 8 || !Convert.TryFromBase64String(parts[3], key, out var keyBytes) || keyBytes != KeyBytes)
            return false;
        hash = new PasswordHash(rounds, salt[..saltBytes], key[..keyBytes]);
        return true;
    }

    /// <summary>Whether it is of this password; takes as long for a wrong one as for the right one.</summary>
    public bool IsOf(ReadOnlySpan<byte> password) =>
        CryptographicOperations.FixedTimeEquals(Rfc2898DeriveBytes.Pbkdf2(password, _salt, _rounds, HashAlgorithmName.SHA512, KeyBytes), _key);

    /// <summary>One that no password has, as slow as those that <see cref="Of(string)"/> makes: for users that we do not know.</summary>
    internal static PasswordHash OfNobody() => new(Rounds, new byte[SaltBytes], RandomNumberGenerator.GetBytes(KeyBytes));

    internal bool IsOf(string password) => IsOf(Encoding.UTF8.GetBytes(password));
}
