using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace StreamRnn.Mqtt;

/// <summary>Whether the certificate that a broker shows is to be trusted: signed by an authority that we know, valid now, and bearing the name that we look for. All three, always.</summary>
/// <param name="authorities">Null: the machine's own.</param>
/// <param name="caFile">Where they are from, for people.</param>
/// <param name="name">The name to look for.</param>
internal sealed class BrokerTrust(X509Certificate2Collection? authorities, string? caFile, string name, TimeProvider clock)
{
    /// <exception cref="TlsException">It is not; the message says which of the three failed, what was found and what to do.</exception>
    public bool Check(X509Certificate? shown, X509Chain? sent, SslPolicyErrors errors)
    {
        if (shown is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
            throw new TlsException("the broker showed no certificate; is that port one for TLS?");
        using var certificate = new X509Certificate2(shown);
        var now = clock.GetUtcNow().UtcDateTime;
        if (now > certificate.NotAfter.ToUniversalTime() || now < certificate.NotBefore.ToUniversalTime())
            throw new TlsException(string.Create(CultureInfo.InvariantCulture,
                $"the broker's certificate ({certificate.Subject}) is valid from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}, and our clock says {now:u}; renew it, or set the clock"));
        Signed(certificate, sent, now);
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            throw new TlsException($"the broker's certificate is not for '{name}', but for {Names(certificate)}; name the broker as its certificate does (Mqtt:Host), or say which name is expected (Mqtt:Tls:TargetHost)");
        return true;
    }

    private void Signed(X509Certificate2 certificate, X509Chain? sent, DateTime now)
    {
        using var chain = new X509Chain();
        // A private authority rarely serves revocation lists, and a service must not stop because one is out of reach.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = now;
        chain.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid("1.3.6.1.5.5.7.3.1"));       // may be used by a TLS server
        if (authorities is not null)
        {
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        if (sent is not null)
            chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        if (chain.Build(certificate))
            return;
        var (status, why) = chain.ChainStatus.Select(s => (s.Status, s.StatusInformation.Trim().TrimEnd('.'))).FirstOrDefault();
        var known = caFile is null ? "the authorities of this machine; name the file of a private authority in Mqtt:Tls:CaFile" : $"those in {caFile} (Mqtt:Tls:CaFile)";
        throw new TlsException(status is X509ChainStatusFlags.UntrustedRoot or X509ChainStatusFlags.PartialChain
            ? $"the broker's certificate ({certificate.Subject}) is signed by {certificate.Issuer}, which is none of the authorities that we trust: {known}"
            : $"the broker's certificate ({certificate.Subject}) does not hold ({status}: {why}); we trust {known}");
    }

    private static string Names(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        var all = names is null ? [] : names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(a => a.ToString())).Take(5).ToList();
        return all.Count > 0 ? string.Join(", ", all) : certificate.Subject;
    }
}
