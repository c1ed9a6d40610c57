namespace StreamRnn.Nets.Training;

/// <summary>
/// Trains a net on sequences: truncated back-propagation through time with carried state, gradients clipped, the learning rate along a cosine, the weights with the best held-out loss kept.
/// The lanes are split into a fixed number of parts that are learned on as many cores as there are; the parts' gradients are added in order, so that the bits depend neither on cores nor on timing.
/// </summary>
public sealed class Trainer : IDisposable
{
    /// <summary>Lanes of a part: enough to fill the matrix product's tiles.</summary>
    private const int PartLanes = 16;

    private readonly Net _net;
    private readonly OutputLayer _output;
    private readonly TrainingSet _data;
    private readonly TrainingPlan _plan;
    private readonly Lanes _lanes;
    private readonly Part[] _parts;
    private readonly Optimiser _optimiser;
    private readonly Seeded _cuts;
    private readonly float[][] _best;
    private int _epoch;
    private double _epochLoss, _epochWeight;
    private long _rows, _epochRows;

    /// <param name="net">Its weights are changed.</param>
    /// <exception cref="ArgumentException">The net cannot be trained on these data, or a number of the plan is out of range.</exception>
    public Trainer(Net net, TrainingSet data, TrainingPlan plan)
    {
        ArgumentNullException.ThrowIfNull(net);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(plan);
        Require(plan.Lanes is >= 1 and <= 4096, nameof(plan.Lanes), plan.Lanes, "1 to 4096");
        Require(plan.Chunk is >= 1 and <= 4096, nameof(plan.Chunk), plan.Chunk, "1 to 4096");
        Require(plan.Epochs >= 1, nameof(plan.Epochs), plan.Epochs, "1 or more");
        Require(plan.Patience >= 1, nameof(plan.Patience), plan.Patience, "1 or more");
        Require(plan.LearningRate > 0 && double.IsFinite(plan.LearningRate), nameof(plan.LearningRate), plan.LearningRate, "numbers above 0");
        Require(plan.MaxNorm > 0, nameof(plan.MaxNorm), plan.MaxNorm, "numbers above 0");
        _output = net.Output ?? throw new ArgumentException($"the net ends in '{net.Topology.Layers[^1].Type}'; only a net whose last layer is 'rnnOutput' can be trained", nameof(net));
        if (net.Inputs != data.Inputs || _output.Loss.Targets != data.Targets)
            throw new ArgumentException($"the net takes {net.Inputs} values and predicts {_output.Loss.Targets}; the data have {data.Inputs} and {data.Targets}", nameof(data));
        (_net, _data, _plan) = (net, data, plan);
        _lanes = new Lanes(data, plan.Lanes, plan.Chunk);
        _optimiser = Optimiser.Create(plan.Optimiser, net.Parameters);
        _cuts = Seeded.For(plan.Seed, 0);
        var parts = Math.Max(1, _lanes.Count / PartLanes);
        _parts = [.. Enumerable.Range(0, parts).Select(p => new Part(net, _lanes, _lanes.Count * p / parts, _lanes.Count * (p + 1) / parts))];
        _best = [.. net.Parameters.Select(p => (float[])p.Values.Clone())];
    }

    /// <summary>Mean loss of a held-out row with the best weights so far; NaN before the first epoch is over.</summary>
    public double Best { get; private set; } = double.NaN;

    /// <summary>Rows learned since the beginning.</summary>
    public long Rows => _rows;

    /// <summary>Rows of an epoch.</summary>
    public long RowsPerEpoch => _lanes.Rows;

    /// <summary>Trains until the plan, the caller or the held-out loss ends it. The net then has its best weights.</summary>
    /// <param name="progress">Told after every chunk; it decides what to show.</param>
    /// <param name="spent">Share of the caller's own budget (of time, say) that is spent, 0..1; training ends at 1, and the learning rate falls with it. The result then depends on the machine's speed.</param>
    /// <param name="cancel">Ends training with the best weights so far.</param>
    /// <exception cref="DivergedException">A loss or gradient is not finite.</exception>
    public TrainingResult Train(IProgress<TrainingReport>? progress = null, Func<double>? spent = null, CancellationToken cancel = default)
    {
        var schedule = new CosineSchedule(_plan.LearningRate, _plan.LearningRate * _plan.LastShare, 1000, 20);
        var heldOut = double.NaN;
        var sinceBest = 0;
        while (_epoch < _plan.Epochs)
        {
            BeginEpoch();
            double rate;
            do
            {
                if (cancel.IsCancellationRequested)
                    return End(TrainingEnd.Cancelled);
                // By rows: how many chunks an epoch has depends on where it was cut.
                var share = Math.Max((_epoch - 1 + (_epochRows / (double)_lanes.Rows)) / _plan.Epochs, spent?.Invoke() ?? 0);
                if (share >= 1 && _rows > 0)
                    return End(TrainingEnd.Finished);
                rate = schedule.At((int)(1000 * Math.Min(share, 1)));
                progress?.Report(new TrainingReport(_epoch, _plan.Epochs, _epochRows / (double)_lanes.Rows, _rows, _epochLoss / _epochWeight, heldOut, Best, rate));
            }
            while (Learn(rate));

            heldOut = Judge();
            sinceBest = heldOut <= Best ? 0 : sinceBest + 1;
            progress?.Report(new TrainingReport(_epoch, _plan.Epochs, 1, _rows, _epochLoss / _epochWeight, heldOut, Best, rate));
            if (sinceBest >= _plan.Patience)
                return End(TrainingEnd.NoBetter);
        }

        Restore();
        return new TrainingResult(TrainingEnd.Finished, _epoch, _rows, Best);
    }

    /// <summary>Learns about <paramref name="rows"/> rows at one learning rate and judges: a step of a search that gives the promising more. The net keeps its latest weights.</summary>
    /// <returns>Mean loss of a held-out row.</returns>
    /// <exception cref="DivergedException">A loss or gradient is not finite.</exception>
    public double Continue(long rows, double learningRate, Func<bool>? stop = null)
    {
        for (var end = _rows + rows; _rows < end && stop?.Invoke() != true;)
            if (_epoch == 0 || !Learn(learningRate))
                BeginEpoch();
        return Judge();
    }

    /// <summary>Gives the net the weights that judged best.</summary>
    public void Restore()
    {
        foreach (var (parameter, best) in _net.Parameters.Zip(_best))
            best.CopyTo(parameter.Values, 0);
    }

    public void Dispose()
    {
        foreach (var part in _parts)
            part.Dispose();
    }

    /// <summary>Ends before an epoch does: what was learned since the last judgement counts if it is better.</summary>
    private TrainingResult End(TrainingEnd end)
    {
        if (_rows > 0)
            Judge();
        Restore();
        return new TrainingResult(end, _epoch, _rows, Best);
    }

    private void BeginEpoch()
    {
        _epoch++;
        (_epochLoss, _epochWeight, _epochRows) = (0, 0, 0);
        _lanes.BeginEpoch(_cuts);
    }

    /// <summary>One chunk of every lane.</summary>
    /// <returns>False when the epoch was over already.</returns>
    private bool Learn(double rate)
    {
        var rows = _lanes.Next();
        if (rows == 0)
            return false;
        double weight = 0;
        foreach (var w in _lanes.Weights)
            weight += w;
        Gradients.Clear(_net.Parameters);
        InParallel(_parts.Length, p => _parts[p].Run(_lanes, weight));
        var loss = 0.0;
        foreach (var part in _parts)
            loss += part.AddTo(_net.Parameters);
        (_rows, _epochRows) = (_rows + rows, _epochRows + rows);
        (_epochLoss, _epochWeight) = (_epochLoss + loss, _epochWeight + weight);
        if (weight == 0)
            return true;
        var norm = Gradients.Clip(_net.Parameters, _plan.MaxNorm);
        if (!double.IsFinite(norm) || !double.IsFinite(loss))
        {
            Restore();
            throw new DivergedException(
                $"training diverged in epoch {_epoch}, after {_rows} rows: the loss is {loss / weight}, the gradient's norm {norm}; try a learning rate below {_plan.LearningRate}");
        }

        _optimiser.Step(rate);
        return true;
    }

    private double Judge()
    {
        var loss = _data.HeldOut.Count > 0 ? Evaluate(_net, _data.HeldOut) : _epochLoss / _epochWeight;
        if (!double.IsFinite(loss))
        {
            Restore();
            throw new DivergedException($"training diverged by epoch {_epoch}: the loss of the rows held out is {loss}; try a learning rate below {_plan.LearningRate}");
        }

        if (!(loss >= Best))
        {
            Best = loss;
            foreach (var (parameter, best) in _net.Parameters.Zip(_best))
                parameter.Values.CopyTo(best, 0);
        }

        return loss;
    }

    /// <summary>Mean loss of a row of some sequences, each from a state of zero; exactly what stepping them would give.</summary>
    public static double Evaluate(Net net, IReadOnlyList<TrainingSequence> sequences)
    {
        ArgumentNullException.ThrowIfNull(net);
        var parts = Math.Clamp(sequences.Count / PartLanes, 1, 16);
        var sums = new (double Loss, double Weight)[parts];
        InParallel(parts, p => sums[p] = EvaluatePart(net, [.. sequences.Where((_, n) => n % parts == p)]));
        return sums.Sum(s => s.Loss) / sums.Sum(s => s.Weight);
    }

    private static (double Loss, double Weight) EvaluatePart(Net net, TrainingSequence[] sequences)
    {
        // Longest first: those that have not ended are always the first rows.
        Array.Sort(sequences, (a, b) => b.Length.CompareTo(a.Length));
        var (loss, inputs) = (net.Output!.Loss, net.Inputs);
        using var step = net.Prepare();
        using var bank = net.CreateBank(sequences.Length);
        int[] rows = [.. Enumerable.Range(0, sequences.Length)];
        var (x, t, y) = (new float[rows.Length * inputs], new float[rows.Length * loss.Targets], new float[rows.Length * loss.Width]);
        var (w, dz) = (new float[rows.Length], new float[y.Length]);
        var (sum, weight) = (0.0, 0.0);
        for (var (at, alive) = (0, rows.Length); ; at++)
        {
            while (alive > 0 && sequences[alive - 1].Length <= at)
                alive--;
            if (alive == 0)
                return (sum, weight);
            var isJudged = false;
            for (var n = 0; n < alive; n++)
            {
                sequences[n].Inputs.AsSpan(at * inputs, inputs).CopyTo(x.AsSpan(n * inputs));
                sequences[n].Targets.AsSpan(at * loss.Targets, loss.Targets).CopyTo(t.AsSpan(n * loss.Targets));
                w[n] = sequences[n].Weights[at];
                weight += w[n];
                isJudged |= w[n] > 0;
            }

            step.Step(bank, rows.AsSpan(0, alive), x.AsSpan(0, alive * inputs), y.AsSpan(0, alive * loss.Width));
            if (isJudged)
                sum += loss.Evaluate(y.AsSpan(0, alive * loss.Width), t.AsSpan(0, alive * loss.Targets), w.AsSpan(0, alive), dz.AsSpan(0, alive * loss.Width));
        }
    }

    private static void InParallel(int count, Action<int> work)
    {
        if (count == 1)
            work(0);
        else
            Parallel.For(0, count, work);
    }

    private static void Require(bool holds, string name, object found, string allowed)
    {
        if (!holds)
            throw new ArgumentException($"the plan's {name} is {found}; allowed are {allowed}");
    }

    /// <summary>Some neighbouring lanes, with a twin of the net: the same weights, gradients of its own.</summary>
    private sealed class Part : IDisposable
    {
        private readonly int _from, _count, _inputs;
        private readonly Net _twin;
        private readonly OutputLoss _loss;
        private readonly NetTape _tape;
        private readonly float[] _x, _t, _w, _dz;
        private double _sum;

        public Part(Net net, Lanes lanes, int from, int to)
        {
            (_from, _count, _inputs) = (from, to - from, net.Inputs);
            _twin = net.Twin();
            _loss = _twin.Output!.Loss;
            _tape = _twin.CreateTape(lanes.Steps, _count);
            var rows = lanes.Steps * _count;
            (_x, _t, _w, _dz) = (new float[rows * _inputs], new float[rows * _loss.Targets], new float[rows], new float[rows * _loss.Width]);
        }

        /// <summary>Forward and back over the lanes' chunk: the gradients of the loss's mean over <paramref name="weight"/>.</summary>
        public void Run(Lanes lanes, double weight)
        {
            for (var b = 0; b < _count; b++)
                if (lanes.Begun[_from + b])
                    _tape.Restart(b);
            for (var t = 0; t < lanes.Steps; t++)
            {
                Gather(lanes.Inputs, _x, t, _inputs);
                Gather(lanes.Targets, _t, t, _loss.Targets);
                Gather(lanes.Weights, _w, t, 1);
            }

            Gradients.Clear(_twin.Parameters);
            var y = _tape.Forward(lanes.Steps, _x);
            _sum = _loss.Evaluate(y, _t, _w, _dz);
            if (weight == 0)
                return;
            var share = (float)(1 / weight);
            foreach (ref var d in _dz.AsSpan())
                d *= share;
            _tape.Backward(_dz);

            void Gather(float[] all, float[] some, int t, int width) =>
                all.AsSpan(((t * lanes.Count) + _from) * width, _count * width).CopyTo(some.AsSpan(t * _count * width));
        }

        /// <summary>Adds this part's gradients to the net's.</summary>
        /// <returns>The sum of its losses.</returns>
        public double AddTo(IReadOnlyList<Parameter> parameters)
        {
            for (var p = 0; p < parameters.Count; p++)
            {
                var (all, mine) = (parameters[p].Gradients, _twin.Parameters[p].Gradients);
                for (var n = 0; n < all.Length; n++)
                    all[n] += mine[n];
            }

            return _sum;
        }

        public void Dispose() => _tape.Dispose();
    }
}
