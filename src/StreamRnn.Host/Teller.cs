namespace StreamRnn.Host;

/// <summary>Progress told at once and on the thread that made it: <see cref="Progress{T}"/> would reorder the lines.</summary>
internal sealed class Teller<T>(Action<T> tell) : IProgress<T>
{
    public void Report(T value) => tell(value);
}
