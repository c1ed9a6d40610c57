using System.Globalization;

namespace StreamRnn.Nets.Training;

/// <param name="Number">From 1; 1 is the net that the search began with.</param>
/// <param name="Parent">The candidate that it was made from; 0 for the first.</param>
/// <param name="Change">What was changed, in words.</param>
/// <param name="HeldOut">Mean loss of a row that the search judges by, when the candidate was left; not finite if it diverged.</param>
/// <param name="Rows">Rows that it had learned by then.</param>
/// <param name="Fate">Whether it went on.</param>
public sealed record Candidate(int Number, int Parent, string Change, Topology Topology, double LearningRate, int Parameters, long Rows, double HeldOut, string Fate);

/// <summary>What a search found.</summary>
/// <param name="Net">The better of the two finalists, trained.</param>
/// <param name="Winner">The candidate that went into the final against the net that the search began with; that net itself if none was better.</param>
/// <param name="Start">Held-out loss of the net that the search began with, trained as long as the winner.</param>
/// <param name="Found">Held-out loss of the winner.</param>
public sealed record SearchResult(Net Net, Candidate Winner, double LearningRate, double Start, double Found, IReadOnlyList<Candidate> Candidates);

/// <summary>
/// Evolves a topology for a problem (Bayer et al. 2009): nets mutate in the kind, size and number of their layers and in their learning rate; a generation is thinned by successive halving
/// (Jamieson and Talwalkar 2016): all learn a little, the better half learns twice as much more, until one is left, and the best so far is the parent of the next generation. Everyone's share is counted
/// in multiplications, not in rows, so that a net wins by what it makes of the machine. The search judges by a tail of the rows that are learned from; the rows held out are kept for the final,
/// in which the winner meets the net that the search began with, both trained for the same time side by side.
/// </summary>
public sealed class TopologySearch
{
    private const int Population = 8;
    private const int Rounds = 3;
    private const double FinalFrom = 0.5;             // share of the budget after which the final begins
    private const double GenerationShare = 0.12;      // share of the budget that a generation is meant to take
    private const double MeasureShare = 0.03;         // share of the budget that finding out how fast the machine is may take
    private const int LeastUnits = 4, MostUnits = 256, MostHidden = 4;

    private static readonly string[] s_recurrent = ["lstm", "gravesLstm", "gru", "simpleRnn"];

    private readonly TrainingSet _data, _inner;
    private readonly Topology _start;
    private readonly TrainingPlan _plan;
    private readonly Seeded _seeded;
    private readonly List<Candidate> _all = [];
    private readonly HashSet<(string, double)> _tried = [];
    private long _share;                              // multiplications of a candidate's first round
    private Net? _bestNet;                            // the best candidate as the search left it

    /// <param name="data">With rows held out.</param>
    /// <param name="start">The net to begin with.</param>
    /// <param name="plan">For every candidate, but for the learning rate, and for the final.</param>
    /// <exception cref="DataException">Nothing is held out.</exception>
    public TopologySearch(TrainingSet data, Topology start, TrainingPlan plan)
    {
        if (data.HeldOut.Count == 0)
            throw new DataException("a search needs rows that are held out, to judge what it found");
        (_data, _start, _plan) = (data, start, plan);
        _inner = TrainingSet.HoldOut(data.Learned, 0.15);
        _seeded = Seeded.For(plan.Seed, 7);
    }

    /// <summary>Searches until the caller's budget is spent. What is found depends on the machine's speed; training the found topology again does not.</summary>
    /// <param name="spent">Share of the budget (of time, say) that is spent: 0 at the beginning, 1 when it is, and more when it is overspent.</param>
    /// <param name="progress">Told whenever a candidate is left.</param>
    /// <param name="cancel">Ends the search with the best net so far.</param>
    /// <exception cref="OperationCanceledException">Cancelled before anything was learned.</exception>
    public SearchResult Run(Func<double> spent, IProgress<Candidate>? progress = null, CancellationToken cancel = default)
    {
        var best = new Candidate(1, 0, "the net to begin with", _start, _plan.LearningRate, 0, 0, double.PositiveInfinity, "");
        _tried.Add((_start.ToJson(), _plan.LearningRate));
        var number = 1;
        bool Stop() => cancel.IsCancellationRequested || spent() >= FinalFrom;
        for (var generation = 0; generation == 0 || (spent() < FinalFrom - (GenerationShare / 2) && !cancel.IsCancellationRequested); generation++)
        {
            List<Runner> runners = generation == 0 ? [new Runner(this, best)] : [];
            while (runners.Count < Population && Mutate(best, number + 1) is { } child)
            {
                number++;
                runners.Add(new Runner(this, child));
            }

            if (_share == 0)
                _share = Measure(runners[0], spent, Stop);
            best = Halve(runners, best, progress, Stop);
        }

        if (cancel.IsCancellationRequested && _all.All(candidate => candidate.Rows == 0))
            throw new OperationCanceledException(cancel);
        return Final(best, spent, cancel);
    }

    /// <summary>All learn, the better half learns on; the net that the search began with stays to the end of its generation, to be measured as long as the best.</summary>
    private Candidate Halve(List<Runner> runners, Candidate best, IProgress<Candidate>? progress, Func<bool> stop)
    {
        var all = runners.ToList();
        for (var round = 0; round < Rounds; round++)
        {
            var share = _share << round;
            Parallel.ForEach(runners, runner => runner.Continue(share, stop));
            var ranked = runners.OrderBy(r => double.IsNaN(r.HeldOut) ? double.PositiveInfinity : r.HeldOut).ThenBy(r => r.About.Number).ToList();
            var keep = round == Rounds - 1 ? 0 : Population >> (round + 1);
            foreach (var runner in ranked.Skip(keep).Where(r => keep == 0 || r.About.Number != 1))
            {
                var isBest = round == Rounds - 1 && ranked[0] == runner && runner.HeldOut < best.HeldOut;
                var left = runner.Left(isBest ? "best so far" : !double.IsFinite(runner.HeldOut) ? "diverged" : round == Rounds - 1 ? "last round" : $"left in round {round + 1}");
                // Whom the time did not reach has nothing to tell.
                if (left.Rows > 0 || left.Number == 1)
                {
                    _all.Add(left);
                    progress?.Report(left);
                }

                if (isBest)
                    (best, _bestNet) = (left, runner.Net);
                runners.Remove(runner);
            }
        }

        foreach (var runner in all)
            runner.Dispose();
        return best;
    }

    private SearchResult Final(Candidate winner, Func<double> spent, CancellationToken cancel)
    {
        var begun = Math.Min(spent(), 0.95);
        double Left() => (spent() - begun) / (1 - begun);
        (Net? Net, double HeldOut) start = (null, double.PositiveInfinity), found = (null, double.PositiveInfinity);
        Parallel.Invoke(
            () => start = Train(_start, _plan.LearningRate),
            () => found = winner.Number == 1 ? found : Train(winner.Topology, winner.LearningRate));
        var candidates = _all.OrderBy(c => c.Number).ToList();
        // Cut short, the finalists may have learned less than the search had.
        if (cancel.IsCancellationRequested && _bestNet is not null && Trainer.Evaluate(_bestNet, _data.HeldOut) is var asLeft && !(asLeft >= Math.Min(start.HeldOut, found.HeldOut)))
            return new SearchResult(_bestNet, winner, winner.LearningRate, start.HeldOut, asLeft, candidates);
        if (found.Net is not null && found.HeldOut < start.HeldOut)
            return new SearchResult(found.Net, winner, winner.LearningRate, start.HeldOut, found.HeldOut, candidates);
        return start.Net is not null
            ? new SearchResult(start.Net, candidates[0], _plan.LearningRate, start.HeldOut, start.HeldOut, candidates)
            : throw new DivergedException($"neither the net to begin with nor any that was tried could be trained; try a learning rate below {_plan.LearningRate}");

        (Net?, double) Train(Topology topology, double rate)
        {
            var net = new Net(topology, _data.Inputs, new Seeded(_plan.Seed));
            // Time ends the final, not a number of epochs.
            using var trainer = new Trainer(net, _data, _plan with { LearningRate = rate, Epochs = 1_000_000 });
            try
            {
                var heldOut = trainer.Train(spent: Left, cancel: cancel).HeldOut;
                return (net, double.IsNaN(heldOut) ? Trainer.Evaluate(net, _data.HeldOut) : heldOut);
            }
            catch (DivergedException)
            {
                return (null, double.PositiveInfinity);
            }
        }
    }

    /// <summary>How many multiplications a candidate may have in its first round, from how long the first ones of the net to begin with take.</summary>
    private long Measure(Runner runner, Func<double> spent, Func<bool> stop)
    {
        var before = spent();
        var rows = runner.Learn(20L * _plan.Lanes * _plan.Chunk, () => stop() || spent() - before > MeasureShare);
        var perRow = Math.Max(1e-9, spent() - before) / Math.Max(1, rows);
        // A generation costs (8 + 4·2 + 2·4) first rounds, on as many cores as there are.
        return (long)(GenerationShare * Environment.ProcessorCount / (3 * Population) / perRow * CostOf(runner.Net));
    }

    private static double CostOf(Net net) => 1000 + Net.Count(net.Parameters);

    private Candidate? Mutate(Candidate parent, int number)
    {
        for (var attempt = 0; attempt < 200; attempt++)
        {
            var (topology, rate, change) = Change(parent.Topology, parent.LearningRate);
            if (change is not null && _tried.Add((topology.ToJson(), rate)))
                return new Candidate(number, parent.Number, change, topology, rate, 0, 0, double.PositiveInfinity, "");
        }

        return null;
    }

    private (Topology Topology, double LearningRate, string? Change) Change(Topology topology, double rate)
    {
        var layers = topology.Layers;
        var hidden = layers.Length - 1;                          // the last is the output, which stays
        var l = hidden > 0 ? _seeded.Next(hidden) : 0;
        switch (_seeded.Next(6))
        {
            case 0 when hidden > 0 && layers[l].Units > 0:
            case 1 when hidden > 0 && layers[l].Units > 0:
                double[] factors = [0.5, 0.75, 1.5, 2];
                var units = Math.Clamp((int)Math.Round(layers[l].Units * factors[_seeded.Next(4)]), LeastUnits, MostUnits);
                return (new Topology([.. layers.SetItem(l, layers[l] with { Units = units })]), rate, $"{layers[l].Type} {layers[l].Units} to {units} units");
            case 2 when hidden > 0 && s_recurrent.Contains(layers[l].Type):
                var type = s_recurrent[_seeded.Next(s_recurrent.Length)];
                return (new Topology([.. layers.SetItem(l, new LayerSpec(type) { Units = layers[l].Units })]), rate, $"{layers[l].Type} to {type}");
            case 3 when hidden < MostHidden:
                var at = _seeded.Next(hidden + 1);
                var size = Math.Clamp(hidden > 0 && layers[l].Units > 0 ? layers[l].Units : 16, LeastUnits, MostUnits);
                var added = _seeded.Next(4) == 0
                    ? new LayerSpec("dense") { Units = size, Activation = "tanh" }
                    : new LayerSpec(s_recurrent[_seeded.Next(s_recurrent.Length)]) { Units = size };
                return (new Topology([.. layers.Insert(at, added)]), rate, $"{added.Type} {size} added as layer {at + 1}");
            case 4 when hidden > 1:
                return (new Topology([.. layers.RemoveAt(l)]), rate, $"layer {l + 1} ({layers[l].Type}) taken out");
            case 5:
                double[] steps = [0.33, 0.5, 2, 3];
                var changed = Math.Clamp(rate * steps[_seeded.Next(4)], 1e-5, 0.1);
                return (topology, changed, string.Create(CultureInfo.InvariantCulture, $"learning rate {rate:0.#####} to {changed:0.#####}"));
            default:
                return (topology, rate, null);
        }
    }

    /// <summary>A candidate in training.</summary>
    private sealed class Runner : IDisposable
    {
        private readonly Trainer _trainer;
        private readonly double _cost;

        public Runner(TopologySearch search, Candidate about)
        {
            Net = new Net(about.Topology, search._inner.Inputs, new Seeded(search._plan.Seed));
            _trainer = new Trainer(Net, search._inner, search._plan with { LearningRate = about.LearningRate });
            _cost = CostOf(Net);
            About = about;
        }

        public Net Net { get; }

        public Candidate About { get; }

        public double HeldOut { get; private set; } = double.PositiveInfinity;

        public void Continue(long multiplications, Func<bool> stop)
        {
            if (HeldOut is double.NaN || (stop() && double.IsFinite(HeldOut)))
                return;                                            // diverged before, or no time left
            try
            {
                HeldOut = _trainer.Continue(Math.Max(1, (long)(multiplications / _cost)), About.LearningRate, stop);
            }
            catch (DivergedException)
            {
                HeldOut = double.NaN;
            }
        }

        /// <returns>Rows that were learned.</returns>
        public long Learn(long rows, Func<bool> stop)
        {
            HeldOut = _trainer.Continue(rows, About.LearningRate, stop);
            return _trainer.Rows;
        }

        /// <summary>The candidate with its figures; its net has the weights that judged best.</summary>
        public Candidate Left(string fate)
        {
            _trainer.Restore();
            return About with { Parameters = Net.Count(Net.Parameters), Rows = _trainer.Rows, HeldOut = HeldOut, Fate = fate };
        }


        public void Dispose() => _trainer.Dispose();
    }
}
