using System.Diagnostics;
using System.Globalization;
using StreamRnn.EndToEnd.Host;
using StreamRnn.EndToEnd.Mqtt;
using Xunit.Abstractions;

namespace StreamRnn.EndToEnd.Faults;

/// <summary>
/// The disk is full while readings come: nothing is acknowledged, nothing is damaged, and it goes on when there is room. Full is a limit on the size of files, which any user may set, and
/// where this user may mount, a tmpfs of 1 MB besides.
/// </summary>
public sealed class DiskTests(ITestOutputHelper output)
{
    private static readonly bool CanMount = Try();

    public static TheoryData<bool, bool> Ways()
    {
        var ways = new TheoryData<bool, bool> { { false, false }, { false, true } };
        if (CanMount)
            ways.Add(true, false);
        return ways;
    }

    [SkippableTheory, MemberData(nameof(Ways))]
    public async Task WhileTheDiskIsFullNothingIsAcknowledgedAndAfterwardsNothingIsMissing(bool tmpfs, bool killed)
    {
        Skip.If(!OperatingSystem.IsLinux(), "limits on a process and tmpfs are Linux's");
        using var broker = await new Mosquitto().StartAsync();
        await using var life = await Life.BeginAsync(broker.Port);
        var filler = Path.Combine(life.Store, "filler");
        if (tmpfs)
            Do("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", life.Store);
        try
        {
            await using (var service = life.RunForLimit())
            {
                Assert.Equal("READY=1", await service.NotificationAsync());
                if (tmpfs)
                    Fill(filler);
                else
                    Limit(service, "131072");
                await Script.PublishAsync(life.Subscriber, 0, Script.Rows);
                await service.UntilAsync(s => s.Output.Contains("Nothing is acknowledged meanwhile", StringComparison.Ordinal), "it says that the disk is full");
                if (killed)
                {
                    // Whatever it had acknowledged without having written it would be lost now.
                    await service.KillAsync();
                }
                else
                {
                    if (tmpfs)
                        File.Delete(filler);
                    else
                        Limit(service, "unlimited");
                    await service.UntilAsync(s => s.Output.Contains("can be written again", StringComparison.Ordinal), "it says that there is room");
                    await Script.EndAsync(life.Subscriber);
                    await service.KillAsync();
                }
            }

            if (killed)
            {
                await using var service = life.Run();
                await Script.EndAsync(life.Subscriber);
                await service.KillAsync();
            }

            var (events, repeated) = await life.AssertWholeAsync();
            Journals.AssertSound(life.Store);
            Journals.AssertHoldsTheScript(life.Store);
            output.WriteLine($"{events} alert events, all as expected; {repeated} came again, to the byte");
        }
        finally
        {
            if (tmpfs)
                Do("umount", life.Store);
        }
    }

    private static void Limit(HostProcess service, string bytes) =>
        Do("prlimit", "--pid", service.Id.ToString(CultureInfo.InvariantCulture), $"--fsize={bytes}:unlimited");

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            for (var page = 0; page < 1024; page++)
                file.Write(new byte[4096]);
            Assert.Fail("a tmpfs of 1 MB took 4 MB");
        }
        catch (IOException e)
        {
            Assert.Contains("space", e.Message, StringComparison.Ordinal);       // now there is none left
        }
    }

    private static bool Try()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            return false;
        var folder = Directory.CreateTempSubdirectory("streamrnn-tmpfs-");
        var can = Code("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.FullName) == 0 && Code("umount", folder.FullName) == 0;
        folder.Delete();
        return can;
    }

    private static void Do(string program, params string[] args) => Assert.Equal(0, Code(program, args));

    private static int Code(string program, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}
