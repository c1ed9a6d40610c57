using System.Globalization;
using StreamRnn.Nets;

namespace StreamRnn.Host.Models;

/// <summary>One version of a model in its history.</summary>
/// <param name="Number">Grows with each training.</param>
internal sealed record KeptModel(int Number, string Path, NetModel Model);

/// <summary>
/// A model file with its earlier versions: <c>MODEL</c> is the one in use, and the folder <c>MODEL.history</c> has every version that is kept, that in use among them, as
/// <c>0007-VERSION.model</c>. A file is there whole or not at all: each is written under another name first.
/// </summary>
internal sealed class ModelHistory(string path)
{
    private const int Digits = 4;

    public string Path { get; } = path;

    public string Folder { get; } = path + ".history";

    /// <summary>Whether a model may be written here: nothing is there, or a model, which is then kept.</summary>
    /// <exception cref="UsageException">Something else is there, or there is no such folder.</exception>
    public void RequireWritable()
    {
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;
        if (!Directory.Exists(folder))
            throw new UsageException($"--out {Path}: there is no folder {folder}.");
        if (Directory.Exists(Path))
            throw new UsageException($"--out {Path} is a folder; expected is the path of a model file.");
        if (File.Exists(Path))
            _ = SavedModel.Read(Path, "--out: what is there is not overwritten:");
        Try(() =>
        {
            // Found out now and not after hours of training.
            Directory.CreateDirectory(Folder);
            var probe = Path + ".new";
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
            All();
        });
    }

    /// <summary>Writes a version and makes it the one in use. What is in use now is kept, and the newest <paramref name="keep"/> besides the one in use.</summary>
    /// <returns>The versions that were dropped.</returns>
    public IReadOnlyList<string> Write(NetModel model, int keep)
    {
        Directory.CreateDirectory(Folder);
        var kept = All();
        if (File.Exists(Path))
            kept = WithPresent(kept);
        using (var bytes = new MemoryStream())
        {
            model.Save(bytes);
            // The same again, as equal data and an equal seed make it, is one version: the newest.
            foreach (var same in kept.Where(k => k.Model.Version == model.Version))
                File.Delete(same.Path);
            Put(bytes.ToArray(), PathOf(Next(kept), model.Version));
            Put(bytes.ToArray(), Path);
        }

        var surplus = All().Where(k => k.Model.Version != model.Version).SkipLast(keep).ToList();
        foreach (var old in surplus)
            File.Delete(old.Path);
        return [.. surplus.Select(k => k.Model.Version)];
    }

    /// <summary>All versions, oldest first.</summary>
    /// <exception cref="UsageException">A file of the history is damaged; the message names it.</exception>
    public IReadOnlyList<KeptModel> All()
    {
        if (!Directory.Exists(Folder))
            return [];
        return [.. Directory.EnumerateFiles(Folder, "*.model")
            .Select(file => (File: file, Number: NumberOf(file)))
            .Where(f => f.Number > 0)
            .OrderBy(f => f.Number)
            .Select(f => new KeptModel(f.Number, f.File, SavedModel.Read(f.File, "history:")))];
    }

    /// <summary>Makes an earlier version the one in use.</summary>
    /// <param name="version">Its beginning; null for the one before that in use.</param>
    /// <exception cref="UsageException">There is none, or more than one; the message lists those that are.</exception>
    public (KeptModel From, KeptModel To) Rollback(string? version)
    {
        var present = SavedModel.Read(Path, "model");
        Directory.CreateDirectory(Folder);
        var all = WithPresent(All());
        var from = all.Single(k => k.Model.Version == present.Version);
        var known = $"kept are {string.Join(", ", all.Select(k => k.Model.Version + (k == from ? " (in use)" : "")))}";
        var fitting = version is null ? all.Where(k => k.Number < from.Number).TakeLast(1).ToList() : all.Where(k => k.Model.Version.StartsWith(version, StringComparison.OrdinalIgnoreCase)).ToList();
        if (fitting.Count != 1)
        {
            throw new UsageException(version is null ? $"{Path}: there is no version before {from.Model.Version}; {known}."
                : $"{Path}: {(fitting.Count == 0 ? "no version begins" : $"{fitting.Count} versions begin")} with '{version}'; {known}.");
        }

        Put(File.ReadAllBytes(fitting[0].Path), Path);
        return (from, fitting[0]);
    }

    // A model that was copied here by hand is in no history yet.
    private IReadOnlyList<KeptModel> WithPresent(IReadOnlyList<KeptModel> kept)
    {
        var present = SavedModel.Read(Path, "model");
        if (kept.Any(k => k.Model.Version == present.Version))
            return kept;
        Put(File.ReadAllBytes(Path), PathOf(Next(kept), present.Version));
        return All();
    }

    private static int Next(IReadOnlyList<KeptModel> kept) => kept.Count == 0 ? 1 : kept[^1].Number + 1;

    private string PathOf(int number, string version) =>
        System.IO.Path.Combine(Folder, $"{number.ToString(CultureInfo.InvariantCulture).PadLeft(Digits, '0')}-{version}.model");

    private static int NumberOf(string file) =>
        int.TryParse(System.IO.Path.GetFileName(file).Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private void Put(byte[] bytes, string path) => Try(() =>
    {
        var temporary = path + ".new";
        File.WriteAllBytes(temporary, bytes);
        File.Move(temporary, path, overwrite: true);
    });

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{Path} and its history {Folder} cannot be written: {e.Message}");
        }
    }
}
