using System.CommandLine;
using StreamRnn.Mqtt;

namespace StreamRnn.Host.Commands;

/// <summary><c>password</c>: what may lie in the configuration in the place of a password of the embedded broker.</summary>
internal static class PasswordCommand
{
    private const int Shortest = 8, Longest = 1000;

    /// <param name="input">Where the password comes from; null: the console.</param>
    public static Command Create(TextReader? input = null)
    {
        var verb = new Verb("password", "Read a password from standard input and write its hash, for a user of the embedded broker.")
        {
            Examples =
            [
                ("streamrnn password", "Asks for it, without showing it."),
                ("streamrnn password < pump-1.password", "From a file; one line break at its end is not part of it."),
            ],
            Notes =
            [
                "The hash goes into StreamRnn:Mqtt:Embedded:Users: [{ \"Name\": \"pump-1\", \"PasswordHash\": \"…\", \"Publish\": [\"devices/{user}/#\"], \"Subscribe\": [] }].",
                "A password is never taken from the command line: others see it in the process list.",
            ],
        };
        verb.SetAction(parsed =>
        {
            var password = input is null && !Console.IsInputRedirected ? Ask() : (input ?? Console.In).ReadToEnd();
            password = password.EndsWith("\r\n", StringComparison.Ordinal) ? password[..^2] : password.EndsWith('\n') ? password[..^1] : password;
            if (password.Length is < Shortest or > Longest || password.Any(char.IsControl))
                throw new UsageException($"the password has {password.Length} characters{(password.Any(char.IsControl) ? ", control characters among them" : "")}; allowed are {Shortest} to {Longest} without control characters.");
            parsed.InvocationConfiguration.Output.WriteLine(PasswordHash.Of(password));
            return ExitCode.Fine;
        });
        return verb;
    }

    private static string Ask()
    {
        Console.Error.Write("Password: ");
        var password = new System.Text.StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
                password.Length = Math.Max(0, password.Length - 1);
            else
                password.Append(key.KeyChar);
        }

        Console.Error.WriteLine();
        return password.ToString();
    }
}
