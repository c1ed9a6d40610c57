namespace StreamRnn.Mqtt;

/// <summary>
/// Section <c>StreamRnn:Mqtt:Tls</c>. The broker's certificate is always checked: its authority, its time and its name. There is no switch that takes any certificate.
/// Files are read at each connecting, so that they can be renewed under a running service.
/// </summary>
public sealed record TlsOptions
{
    /// <summary>Default false: plain TCP.</summary>
    public bool Enabled { get; init; }

    /// <summary>A PEM file with the authorities to trust. Default: those of the machine.</summary>
    public string? CaFile { get; init; }

    /// <summary>Our own certificate, for brokers that ask for one: a PEM file (others of its chain may follow in it), or a PKCS #12 file (<c>.pfx</c>, <c>.p12</c>) that holds the key too.</summary>
    public string? ClientCertificateFile { get; init; }

    /// <summary>A PEM file with the key of <see cref="ClientCertificateFile"/>. Default: the key is in the same file.</summary>
    public string? ClientKeyFile { get; init; }

    /// <summary>A file that holds the password of the client's key; one line break at its end is not part of it. Default: the key has none.</summary>
    public string? ClientKeyPasswordFile { get; init; }

    /// <summary>The name that the broker's certificate must bear. Default: the host we connect to.</summary>
    public string? TargetHost { get; init; }

    internal IEnumerable<string> Validate()
    {
        foreach (var (key, file) in new[]
                 {
                     ("CaFile", CaFile), ("ClientCertificateFile", ClientCertificateFile), ("ClientKeyFile", ClientKeyFile), ("ClientKeyPasswordFile", ClientKeyPasswordFile),
                 })
        {
            if (file is null)
                continue;
            if (!Enabled)
                yield return $"StreamRnn:Mqtt:Tls:{key} is '{file}', but StreamRnn:Mqtt:Tls:Enabled is false; set Enabled to true or remove the file";
        }

        if (ClientKeyFile is not null && ClientCertificateFile is null)
            yield return "StreamRnn:Mqtt:Tls:ClientKeyFile is set, but ClientCertificateFile is not; a key goes with a certificate";
        if (ClientKeyPasswordFile is not null && ClientCertificateFile is null)
            yield return "StreamRnn:Mqtt:Tls:ClientKeyPasswordFile is set, but ClientCertificateFile is not; a key goes with a certificate";
        if (!Enabled)
            yield break;
        if (Problem(() => TlsFiles.Authorities("Mqtt:Tls:CaFile", CaFile)) is { } ca)
            yield return ca;
        if (Problem(() => TlsFiles.WithKey("Mqtt:Tls:Client", ClientCertificateFile, ClientKeyFile, ClientKeyPasswordFile)) is { } certificate)
            yield return certificate;
    }

    /// <summary>What is wrong with files, as a problem of the configuration.</summary>
    internal static string? Problem(Action read)
    {
        try
        {
            read();
            return null;
        }
        catch (TlsException e)
        {
            return e.Message;
        }
    }
}
