using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace StreamRnn.EndToEnd.Mqtt;

/// <summary>An authority of the test's own, and certificates from it, as files.</summary>
internal sealed class Certificates : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("streamrnn-tls-");
    private readonly X509Certificate2 _authority;
    private int _serial;

    public Certificates(string name = "Test authority")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-10), DateTimeOffset.UtcNow.AddDays(10));
        CaFile = Write("ca.pem", _authority.ExportCertificatePem());
    }

    public string CaFile { get; }

    public string Folder => _folder.FullName;

    public string Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <param name="validUntil">Days from now.</param>
    public (string Certificate, string Key, string EncryptedKey, string Pfx) Issue(string name, string host = "localhost", IPAddress? address = null, double validUntil = 5, string password = "correct horse")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        if (address is not null)
            names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        using var certificate = request.Create(_authority, DateTimeOffset.UtcNow.AddDays(-9), DateTimeOffset.UtcNow.AddDays(validUntil), [(byte)++_serial]);
        using var withKey = certificate.CopyWithPrivateKey(key);
        var pfx = Path.Combine(_folder.FullName, name + ".pfx");
        File.WriteAllBytes(pfx, withKey.Export(X509ContentType.Pkcs12, password));
        return (
            Write(name + ".pem", certificate.ExportCertificatePem()),
            Write(name + ".key", key.ExportPkcs8PrivateKeyPem()),
            Write(name + ".encrypted.key", key.ExportEncryptedPkcs8PrivateKeyPem(password, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 10_000))),
            pfx);
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Delete(recursive: true);
    }
}
