using System.Diagnostics.CodeAnalysis;
using StreamRnn.Nets;

namespace StreamRnn.Host.Models;

/// <summary>Model files as a person names them: by path.</summary>
internal static class SavedModel
{
    /// <exception cref="UsageException">There is no such file, or it is no model; the message begins with <paramref name="said"/>.</exception>
    public static NetModel Read(string path, string said) => TryRead(path, out var model, out var problem) ? model : throw new UsageException($"{said} {path}: {problem}.");

    /// <summary>As <see cref="Read"/>, and it predicts the channels that go in.</summary>
    public static NetModel ReadForDevices(string path, string said) =>
        TryReadForDevices(path, out var model, out var problem) ? model : throw new UsageException($"{said} {path}: {problem}.");

    public static bool TryReadForDevices(string path, [NotNullWhen(true)] out NetModel? model, [NotNullWhen(false)] out string? problem)
    {
        if (!TryRead(path, out model, out problem))
            return false;
        if (model.PredictsRows)
            return true;
        problem = $"{path} takes {model.Net.Inputs} values and does not predict the next row of them; a model for devices does";
        model = null;
        return false;
    }

    private static bool TryRead(string path, [NotNullWhen(true)] out NetModel? model, [NotNullWhen(false)] out string? problem)
    {
        (model, problem) = (null, null);
        try
        {
            using var file = File.OpenRead(path);
            model = NetModel.Load(file);
            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            problem = $"there is no file {Path.GetFullPath(path)}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"{path} cannot be read: {e.Message.TrimEnd('.')}";
        }
        catch (ModelFileException e)
        {
            problem = $"{path} is no model that can be used: {e.Message.TrimEnd('.')}";
        }

        return false;
    }
}
