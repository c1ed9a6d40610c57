using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace StreamRnn.Mqtt;

/// <summary>A certificate or a key cannot be used, or the other side's is not to be trusted: the message says which, found in which file, and what is expected.</summary>
public sealed class TlsException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>Certificates and keys from files. What cannot be used is named with its key of the configuration, its file and the step; a password never is.</summary>
internal static class TlsFiles
{
    /// <returns>Null where no file is named: the machine's own authorities are meant.</returns>
    /// <exception cref="TlsException">There is no such file, or no certificate in it.</exception>
    public static X509Certificate2Collection? Authorities(string key, string? file)
    {
        if (file is null)
            return null;
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPem(Read(key, file));
        }
        catch (CryptographicException e)
        {
            throw Wrong(key, file, $"a PEM file of authorities' certificates: one in it cannot be read ({e.Message.TrimEnd('.')})", e);
        }

        return authorities.Count > 0 ? authorities : throw Wrong(key, file, "a PEM file of authorities' certificates: there is no CERTIFICATE in it");
    }

    /// <summary>A certificate with its key, first, and what else of its chain the file holds.</summary>
    /// <param name="key">What the keys of the configuration begin with: <c>CertificateFile</c>, <c>KeyFile</c> and <c>KeyPasswordFile</c> follow it.</param>
    /// <returns>Null where no file is named.</returns>
    /// <exception cref="TlsException">A file is missing, the password is wrong, the key is not the certificate's.</exception>
    public static X509Certificate2Collection? WithKey(string key, string? certificateFile, string? keyFile, string? passwordFile)
    {
        if (certificateFile is null)
            return null;
        var password = passwordFile is null ? null : TrimLineBreak(Read(key + "KeyPasswordFile", passwordFile));
        return Path.GetExtension(certificateFile).ToUpperInvariant() is ".PFX" or ".P12"
            ? Pkcs12(key, certificateFile, keyFile, password, passwordFile)
            : Pem(key, certificateFile, keyFile, password, passwordFile);
    }

    /// <summary>The text without one line break at its end, as editors and <c>echo</c> leave it.</summary>
    public static string TrimLineBreak(string text) =>
        text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;

    private static X509Certificate2Collection Pkcs12(string key, string file, string? keyFile, string? password, string? passwordFile)
    {
        if (keyFile is not null)
            throw Wrong(key + "KeyFile", keyFile, $"nothing: {file} is a PKCS #12 file and holds the key itself");
        Exists(key + "CertificateFile", file);
        X509Certificate2Collection all;
        try
        {
            all = X509CertificateLoader.LoadPkcs12CollectionFromFile(file, password);
        }
        catch (CryptographicException e)
        {
            throw Wrong(key + "CertificateFile", file, password is null
                ? $"a PKCS #12 file with certificate and key: it cannot be opened without a password; name a file that holds it in StreamRnn:{key}KeyPasswordFile"
                : $"a PKCS #12 file with certificate and key: it cannot be opened with the password in {passwordFile} (StreamRnn:{key}KeyPasswordFile)", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Wrong(key + "CertificateFile", file, "a file that this user may read", e);
        }

        var own = all.FirstOrDefault(c => c.HasPrivateKey) ?? throw Wrong(key + "CertificateFile", file, "a PKCS #12 file with certificate and key: there is no key in it");
        return [own, .. all.Where(c => c != own)];
    }

    private static X509Certificate2Collection Pem(string key, string file, string? keyFile, string? password, string? passwordFile)
    {
        var certificates = Read(key + "CertificateFile", file);
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPem(certificates);
        }
        catch (CryptographicException e)
        {
            throw Wrong(key + "CertificateFile", file, $"a PEM file with a certificate: it cannot be read ({e.Message.TrimEnd('.')})", e);
        }

        if (all.Count == 0)
            throw Wrong(key + "CertificateFile", file, "a PEM file with a certificate: there is no CERTIFICATE in it");
        var (name, text) = keyFile is null ? (key + "CertificateFile", certificates) : (key + "KeyFile", Read(key + "KeyFile", keyFile));
        var encrypted = text.Contains("ENCRYPTED PRIVATE KEY", StringComparison.Ordinal);
        if (!text.Contains("PRIVATE KEY", StringComparison.Ordinal))
            throw Wrong(name, keyFile ?? file, "a PEM file with a key: there is no PRIVATE KEY in it");
        if (encrypted && password is null)
            throw Wrong(name, keyFile ?? file, $"a key that can be read: it has a password; name a file that holds it in StreamRnn:{key}KeyPasswordFile");
        try
        {
            using var ephemeral = encrypted ? X509Certificate2.CreateFromEncryptedPem(certificates, text, password!) : X509Certificate2.CreateFromPem(certificates, text);
            // Windows' TLS takes no key that lies in memory only.
            all[0] = OperatingSystem.IsWindows() ? X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pkcs12), null) : new X509Certificate2(ephemeral);
            return all;
        }
        catch (CryptographicException e)
        {
            throw Wrong(name, keyFile ?? file, encrypted
                ? $"the key of the certificate in {file}: it cannot be opened with the password in {passwordFile} (StreamRnn:{key}KeyPasswordFile), or is another's"
                : $"the key of the certificate in {file}: it cannot be read, or is another's ({e.Message.TrimEnd('.')})", e);
        }
        catch (ArgumentException e)
        {
            throw Wrong(name, keyFile ?? file, $"the key of the certificate in {file}: it is another's", e);
        }
    }

    private static string Read(string key, string file)
    {
        Exists(key, file);
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Wrong(key, file, "a file that this user may read", e);
        }
    }

    private static void Exists(string key, string file)
    {
        if (!File.Exists(file))
            throw Wrong(key, file, "a file that exists and that this user may read");
    }

    private static TlsException Wrong(string key, string file, string allowed, Exception? cause = null) => new($"StreamRnn:{key} is '{file}'; allowed is {allowed}", cause);
}
