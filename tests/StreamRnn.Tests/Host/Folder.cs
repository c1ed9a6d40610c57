namespace StreamRnn.Tests.Host;

/// <summary>A folder for one test, with an appsettings.json if there is one to have.</summary>
internal sealed class Folder : IDisposable
{
    public Folder(string? settings = null)
    {
        if (settings is not null)
            Write("appsettings.json", settings);
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("streamrnn-").FullName;

    public string Write(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>An environment variable for the length of one test. Tests that set one share a collection or a key of their own.</summary>
internal sealed class EnvironmentVariable : IDisposable
{
    private readonly string _name;
    private readonly string? _before;

    public EnvironmentVariable(string name, string value)
    {
        (_name, _before) = (name, Environment.GetEnvironmentVariable(name));
        Environment.SetEnvironmentVariable(name, value);
    }

    public void Dispose() => Environment.SetEnvironmentVariable(_name, _before);
}
