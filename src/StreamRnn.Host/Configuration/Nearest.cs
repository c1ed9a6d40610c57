namespace StreamRnn.Host.Configuration;

/// <summary>"Did you mean …?": the known word nearest to one that was mistyped.</summary>
internal static class Nearest
{
    /// <summary>The candidate with the fewest edits (insert, delete, replace, swap of neighbours), ignoring case; null when none is near enough to be a slip of the finger.</summary>
    public static string? To(string word, IEnumerable<string> candidates)
    {
        var (best, edits) = candidates.Select(c => (Word: c, Edits: Edits(word.ToUpperInvariant(), c.ToUpperInvariant())))
            .DefaultIfEmpty((Word: "", Edits: int.MaxValue)).MinBy(c => c.Edits);
        return edits <= Math.Max(1, word.Length / 3) ? best : null;
    }

    // Optimal string alignment distance, three rows at a time.
    private static int Edits(string a, string b)
    {
        var (before, previous, current) = (new int[b.Length + 1], Enumerable.Range(0, b.Length + 1).ToArray(), new int[b.Length + 1]);
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                current[j] = Math.Min(replaced, Math.Min(previous[j], current[j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    current[j] = Math.Min(current[j], before[j - 2] + 1);
            }

            (before, previous, current) = (previous, current, before);
        }

        return previous[b.Length];
    }
}
