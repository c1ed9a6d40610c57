using System.Reactive.Subjects;
using StreamRnn.Pipeline;

namespace StreamRnn.Tests.Architecture.Control;

/// <summary>What the rules must catch: they are worth nothing if they cannot fail.</summary>
internal static class HiddenUse
{
    public static Func<int> Later() => () => new Outcome().Readings;
}

public sealed class Offender
{
    public Subject<int> Shout { get; } = new();

    public void Say(ISubject<int> words) => words.OnNext(0);

    public IObservable<int> Fine => Shout;

    internal static void Sleeps() => Thread.Sleep(1);
}
