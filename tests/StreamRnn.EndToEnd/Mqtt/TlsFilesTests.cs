using StreamRnn.Mqtt;

namespace StreamRnn.EndToEnd.Mqtt;

/// <summary>What is wrong with a file of certificates or keys is said at the start, with its key, its name and the step; its password is not.</summary>
public sealed class TlsFilesTests : IDisposable
{
    private readonly Certificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    private static string Problem(TlsOptions tls) => Assert.Single(new MqttOptions { Host = "b", Tls = tls with { Enabled = true } }.Validate());

    [Fact]
    public void WhatIsRightIsTaken()
    {
        var (certificate, key, encrypted, pfx) = _certificates.Issue("a");
        var password = _certificates.Write("password", "correct horse\n");
        TlsOptions[] all =
        [
            new() { CaFile = _certificates.CaFile },
            new() { ClientCertificateFile = certificate, ClientKeyFile = key },
            new() { ClientCertificateFile = _certificates.Write("both.pem", File.ReadAllText(certificate) + "\n" + File.ReadAllText(key)) },
            new() { ClientCertificateFile = certificate, ClientKeyFile = encrypted, ClientKeyPasswordFile = password },
            new() { ClientCertificateFile = pfx, ClientKeyPasswordFile = password },
        ];
        Assert.All(all, tls => Assert.Empty(new MqttOptions { Host = "b", Tls = tls with { Enabled = true } }.Validate()));
    }

    [Fact]
    public void WhatIsWrongIsNamedWithItsFileAndWithoutItsPassword()
    {
        var (certificate, key, encrypted, pfx) = _certificates.Issue("a");
        var (_, foreign, _, _) = _certificates.Issue("b");
        var wrong = _certificates.Write("password", "hunter2");
        var text = _certificates.Write("text.pem", "no certificate");
        (TlsOptions Tls, string[] Says)[] all =
        [
            (new() { CaFile = "/no/ca.pem" }, ["StreamRnn:Mqtt:Tls:CaFile is '/no/ca.pem'", "exists"]),
            (new() { CaFile = text }, [text, "there is no CERTIFICATE in it"]),
            (new() { ClientCertificateFile = "/no/own.pem" }, ["StreamRnn:Mqtt:Tls:ClientCertificateFile is '/no/own.pem'"]),
            (new() { ClientCertificateFile = text, ClientKeyFile = key }, [text, "there is no CERTIFICATE in it"]),
            (new() { ClientCertificateFile = certificate }, [certificate, "there is no PRIVATE KEY in it"]),
            (new() { ClientCertificateFile = certificate, ClientKeyFile = "/no/key" }, ["StreamRnn:Mqtt:Tls:ClientKeyFile is '/no/key'"]),
            (new() { ClientCertificateFile = certificate, ClientKeyFile = foreign }, [foreign, "another's"]),
            (new() { ClientCertificateFile = certificate, ClientKeyFile = encrypted }, [encrypted, "it has a password", "StreamRnn:Mqtt:Tls:ClientKeyPasswordFile"]),
            (new() { ClientCertificateFile = certificate, ClientKeyFile = encrypted, ClientKeyPasswordFile = wrong }, [encrypted, "cannot be opened with the password in " + wrong]),
            (new() { ClientCertificateFile = pfx }, [pfx, "without a password"]),
            (new() { ClientCertificateFile = pfx, ClientKeyPasswordFile = wrong }, [pfx, "cannot be opened with the password in " + wrong]),
            (new() { ClientCertificateFile = pfx, ClientKeyFile = key }, ["holds the key itself"]),
            (new() { ClientCertificateFile = certificate, ClientKeyFile = encrypted, ClientKeyPasswordFile = "/no/password" }, ["ClientKeyPasswordFile is '/no/password'"]),
        ];
        Assert.All(all, one =>
        {
            var problem = Problem(one.Tls);
            Assert.All(one.Says, text => Assert.Contains(text, problem, StringComparison.Ordinal));
            Assert.DoesNotContain("hunter2", problem, StringComparison.Ordinal);
        });
    }
}
