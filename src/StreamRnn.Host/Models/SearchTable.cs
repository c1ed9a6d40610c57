using System.Globalization;
using System.Text;
using StreamRnn.Nets.Training;

namespace StreamRnn.Host.Models;

/// <summary>What a search tried, as a table.</summary>
internal static class SearchTable
{
    private const int ChangeWidth = 36;

    public static string Of(SearchResult result)
    {
        var table = new StringBuilder();
        table.AppendLine($"  net  from  {"change".PadRight(ChangeWidth)} parameters    rows learned   loss  fate");
        foreach (var candidate in result.Candidates)
            table.AppendLine(Line(candidate, candidate.Number == result.Winner.Number));
        return table.ToString();
    }

    public static string Line(Candidate candidate, bool won) => string.Create(CultureInfo.InvariantCulture,
        $"{(won ? "*" : " ")} {candidate.Number,3}  {(candidate.Parent == 0 ? "-" : candidate.Parent),4}  {Cut(candidate.Change)} {candidate.Parameters,10:N0} {candidate.Rows,15:N0} {(double.IsFinite(candidate.HeldOut) ? candidate.HeldOut.ToString("0.0000", CultureInfo.InvariantCulture) : "-"),6}  {candidate.Fate}");

    /// <summary>What won, against the net that the search began with, both trained as long on the same rows.</summary>
    public static string Verdict(SearchResult result)
    {
        var culture = CultureInfo.InvariantCulture;
        if (result.Winner.Number == 1 || !(result.Found < result.Start))
            return string.Create(culture, $"Final on the rows held out: nothing beat the net that the search began with, loss {result.Start:0.0000}.");
        // A likelihood may be negative: then a share of it says nothing.
        var less = result is { Start: > 0, Found: > 0 } ? string.Create(culture, $", {1 - (result.Found / result.Start):P1} less") : "";
        return string.Create(culture, $"Final on the rows held out, trained side by side: net {result.Winner.Number} has loss {result.Found:0.0000}, the net that the search began with {result.Start:0.0000}{less}.");
    }

    private static string Cut(string text) => (text.Length > ChangeWidth ? text[..(ChangeWidth - 1)] + "…" : text).PadRight(ChangeWidth);
}
