using System.Text.RegularExpressions;

namespace StreamRnn.Tests.Security;

/// <summary>
/// No topic, device or channel becomes part of a path: every place of the product that writes, creates, moves or deletes a file is known here, and takes its path from the command line or the
/// configuration. Whoever adds one looks where its name comes from, and adds it.
/// </summary>
public sealed partial class FileTests
{
    private static readonly string[] Known =
    [
        "src/StreamRnn.Host/Commands/EvaluateCommand.cs",           // --out, --report
        "src/StreamRnn.Host/Commands/ModelOnnx.cs",                 // --onnx, --out
        "src/StreamRnn.Host/Commands/StateCommand.cs",              // FILE
        "src/StreamRnn.Host/Commands/TrainBaseCommand.cs",          // --out
        "src/StreamRnn.Host/Evaluation/EvaluationPage.cs",          // below --out, by the paths of the files that were evaluated
        "src/StreamRnn.Host/Evaluation/ResultFiles.cs",             // likewise
        "src/StreamRnn.Host/Forecasting/ForecastPlot.cs",           // --out
        "src/StreamRnn.Host/Models/ModelHistory.cs",                // beside --out
        "src/StreamRnn.Host/Replay/FleetPlot.cs",                   // --plot
        "src/StreamRnn.Host/Replay/Plot.cs",                        // --plot
    ];

    [Fact]
    public void EveryPlaceThatWritesAFileIsKnown() =>
        Assert.Equal(Known.Order(StringComparer.Ordinal), Writing().Where(file => !file.StartsWith("src/StreamRnn.Storage/", StringComparison.Ordinal) && !IsStore(file)).Order(StringComparer.Ordinal));

    [Fact]
    public void WhatReadsFromTheNetworkWritesNoFile() =>
        Assert.DoesNotContain(Writing(), file => file.StartsWith("src/StreamRnn.Mqtt/", StringComparison.Ordinal) || file.StartsWith("src/StreamRnn/", StringComparison.Ordinal) || file.StartsWith("src/StreamRnn.Nets/", StringComparison.Ordinal));

    [Theory]
    [InlineData("File.WriteAllText(path, \"\")", true)]
    [InlineData("new FileStream(path, FileMode.Create)", true)]
    [InlineData("File.ReadAllText(path)", false)]
    public void WritingIsRecognised(string code, bool writes) => Assert.Equal(writes, Writes().IsMatch(code));

    // What keeps the store's files is held to its own tests.
    private static bool IsStore(string file) => file.Contains("/Storage/", StringComparison.Ordinal) || file.Contains("/Store", StringComparison.Ordinal);

    private static IEnumerable<string> Writing() => Directory.EnumerateFiles(Repository.PathOf("src"), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal) && Writes().IsMatch(File.ReadAllText(file)))
        .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'));

    [GeneratedRegex(@"\bFile\.(Write|Append|Create|Move|Copy|Delete|Replace|OpenWrite)\w*\(|new StreamWriter\(|new FileStream\(|Directory\.(Create|Delete|Move)\w*\(|SavePng\(")]
    private static partial Regex Writes();
}
