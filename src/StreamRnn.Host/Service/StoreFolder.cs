using Microsoft.Extensions.Hosting.WindowsServices;
using StreamRnn.Mqtt;
using StreamRnn.Storage;

namespace StreamRnn.Host.Service;

/// <summary>Where a store lies where nobody said so. Never made of the name of a device or topic.</summary>
internal static class StoreFolder
{
    /// <summary>As configured; else systemd's state directory; else a folder named by the client id, and by the broker where one is named, in the local application data of the user, or of the machine for a Windows service.</summary>
    /// <param name="base">Where relative paths begin.</param>
    /// <param name="environment">Looks up an environment variable.</param>
    public static string Of(StorageOptions options, MqttOptions mqtt, string @base, Func<string, string?> environment)
    {
        if (options.Path is { } path)
            return Path.GetFullPath(path, @base);
        if (environment("STATE_DIRECTORY") is { Length: > 0 } state)
            return Path.Combine(state.Split(':')[0], "store");
        // Two services on one machine that listen to two brokers keep apart what they learn.
        var name = mqtt.UsesEmbeddedBroker() ? mqtt.ClientId : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{mqtt.ClientId}@{mqtt.Host}:{mqtt.PortOrDefault()}");
        return Path.Combine(Data(@base), Safe(name));
    }

    /// <summary>Of a demonstration: below the configured path of stores, else in the local application data; one for each story.</summary>
    public static string OfDemo(long seed, TimeSpan length, string @base, Func<string, string?> environment)
    {
        var stores = environment("StreamRnn__Storage__Path") is { Length: > 0 } path ? Path.GetFullPath(path, @base) : Data(@base);
        return Path.Combine(stores, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"demo-{seed}-{length.TotalSeconds:0}s"));
    }

    private static string Data(string @base)
    {
        var data = Environment.GetFolderPath(
            WindowsServiceHelpers.IsWindowsService() ? Environment.SpecialFolder.CommonApplicationData : Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return Path.Combine(data.Length > 0 ? data : @base, "streamrnn");
    }

    // Letters, digits, - and _ stay: no dot, no separator, no drive.
    private static string Safe(string clientId) => Uri.EscapeDataString(clientId).Replace(".", "%2E", StringComparison.Ordinal).Replace("~", "%7E", StringComparison.Ordinal);
}
