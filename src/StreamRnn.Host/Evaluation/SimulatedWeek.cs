using System.Collections.Concurrent;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Pipeline;
using StreamRnn.Simulators;

namespace StreamRnn.Host.Evaluation;

/// <summary>Lives the simulated weeks of all kinds, on all processors.</summary>
internal sealed class SimulatedWeek(WeekOptions options, DetectionOptions detection, AlertOptions alerts, BaseModel model, TimeSpan maxLateness)
{
    private readonly double[] _done = new double[2 * options.Kinds.Count];

    // Values a second that a kind sends: what its run costs, about.
    private readonly double[] _cost = [.. options.Kinds.Select(kind => kind.Channels.Count / kind.Every.TotalSeconds)];

    /// <summary>0..1, may be read while it runs.</summary>
    public double Done => Enumerable.Range(0, _done.Length).Sum(i => Volatile.Read(ref _done[i]) * _cost[i / 2]) / (2 * _cost.Sum());

    /// <param name="tell">Called now and then from any of the threads.</param>
    public IReadOnlyList<WeekFigures> Run(Action tell, CancellationToken cancel)
    {
        var runs = new SimulatedRun[2 * options.Kinds.Count];
        int[] longestFirst = [.. Enumerable.Range(0, runs.Length).OrderByDescending(i => _cost[i / 2])];
        Parallel.ForEach(Partitioner.Create(longestFirst, EnumerablePartitionerOptions.NoBuffering), new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
        {
            var (kind, isClean) = (options.Kinds[i / 2], i % 2 == 0);
            var scenario = isClean ? WeekPlan.Clean(options, kind) : WeekPlan.Faulty(options, kind);
            runs[i] = SimulatedRun.Live(scenario, detection, alerts, model, maxLateness, isClean, share =>
            {
                Volatile.Write(ref _done[i], share);
                tell();
            }, cancel);
        });
        return [.. options.Kinds.Select((kind, k) => WeekFigures.Of(kind, runs[2 * k], runs[(2 * k) + 1]))];
    }
}
