using StreamRnn.Tests.Nets;

namespace StreamRnn.Tests;

/// <summary>What the assembly does when it is started by itself and not by a test runner.</summary>
internal static class Program
{
    public static int Main(string[] args)
    {
        if (args is not [NetsProbe.Verb])
        {
            Console.Error.WriteLine($"these are tests: run them with 'dotnet test'. The one verb, {NetsProbe.Verb}, is for a test that starts it.");
            return 2;
        }

        foreach (var line in NetsProbe.Run())
            Console.WriteLine(line);
        return 0;
    }
}
