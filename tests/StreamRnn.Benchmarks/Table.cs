using System.Globalization;
using StreamRnn.Host;

namespace StreamRnn.Benchmarks;

/// <summary>What every verb that measures has in common: a report in Markdown with the machine's name, on the terminal and, if asked, in a file.</summary>
internal static class Table
{
    public static int Write(string verb, Action<TextWriter> measure, string[] args)
    {
        if (args.Length > 1 || args is [var name] && !name.EndsWith(".md", StringComparison.Ordinal))
        {
            Console.Error.WriteLine($"{verb} takes at most the name of a .md file; found: {string.Join(' ', args)}");
            return 2;
        }

        using var report = new StringWriter(CultureInfo.InvariantCulture);
        report.WriteLine($"# `{verb}` on {Machine.Processor}");
        report.WriteLine();
        report.WriteLine($"{Machine.System}. "
            + $"Made by `dotnet run -c Release --project tests/StreamRnn.Benchmarks -- {verb}`.");
        report.WriteLine();
        measure(report);
        Console.Write(report);
        if (args is [var file])
            File.WriteAllText(file, report.ToString());
        return 0;
    }

    /// <summary>Nanoseconds per call: the best of several rounds, which other work on the machine has disturbed least.</summary>
    /// <param name="action">Called again and again.</param>
    /// <param name="rounds">How many.</param>
    /// <param name="milliseconds">About how long each lasts: short ones find a gap on a machine where much else goes on.</param>
    public static double BestNanoseconds(Action action, int rounds = 15, int milliseconds = 20)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        long calls = 0;
        for (; watch.ElapsedMilliseconds < 300; calls++) // warm-up, long enough for the optimising compiler
            action();
        var perRound = Math.Max(1, calls * milliseconds / 300);
        var best = double.PositiveInfinity;
        for (var round = 0; round < rounds; round++)
        {
            watch.Restart();
            for (var n = 0L; n < perRound; n++)
                action();
            best = Math.Min(best, watch.Elapsed.TotalNanoseconds / perRound);
        }

        return best;
    }
}
