using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Nets.Training;

namespace StreamRnn.Training;

/// <param name="Units">H of the LSTM layer.</param>
/// <param name="Batches">Batches of fresh series.</param>
/// <param name="Series">B: series side by side.</param>
/// <param name="Length">T: readings of a series.</param>
/// <param name="Chunk">Steps of truncated back-propagation; the state is carried from chunk to chunk.</param>
public sealed record BaseModelPlan(
    int Units = 64, int Batches = 2400, int Series = 128, int Length = 1280, int Chunk = 64, double LearningRate = 3e-3, double LastLearningRate = 3e-5, ulong Seed = 1)
{
    public int Steps => Batches * (Length / Chunk);

    public long Readings => (long)Batches * Series * Length;
}

/// <param name="Loss">Mean over this batch of ln(1 + 4|e|), e the error in units of the last value's own usual error, near and far together.</param>
public readonly record struct TrainingProgress(int Batch, int Batches, long Readings, double Loss);

/// <summary>
/// Trains the base model: truncated back-propagation through time with carried state, Adam, cosine schedule, gradients clipped at norm 1, <see cref="RobustLoss"/> in a
/// quarter of the device's own scale, near plus far. Reproducible to the bit on one machine. Each batch is drawn while the one before it is learned: the second core's share.
/// </summary>
public sealed class BaseModelTrainer(BaseModelPlan plan)
{
    private const double MaxNorm = 1;

    /// <exception cref="InvalidOperationException">Training diverged; the message says where.</exception>
    public ForecastLayers Train(IProgress<TrainingProgress>? progress = null, CancellationToken cancel = default)
    {
        var layers = ForecastLayers.Create(plan.Units, Seeded.For(plan.Seed, 0));
        var parameters = layers.Parameters;
        var adam = new Adam(parameters);
        var schedule = new CosineSchedule(plan.LearningRate, plan.LastLearningRate, plan.Steps, Math.Min(100, plan.Steps / 10));
        using var pass = new Pass(plan, layers);
        TrainingBatch batch = new(plan.Series, plan.Length), next = new(plan.Series, plan.Length);
        batch.Fill(plan.Seed, 1);
        var step = 0;
        for (var number = 0; number < plan.Batches; number++)
        {
            cancel.ThrowIfCancellationRequested();
            var drawn = next;
            var after = 1 + ((ulong)(number + 1) * (ulong)plan.Series);
            var drawing = Task.Run(() => drawn.Fill(plan.Seed, after), CancellationToken.None);
            var (loss, weight) = (0.0, 0.0);
            pass.Restart();
            for (var from = 0; from < plan.Length; from += plan.Chunk)
            {
                Gradients.Clear(parameters);
                var (sum, count) = pass.Run(batch, from);
                (loss, weight) = (loss + sum, weight + count);
                var norm = Gradients.Clip(parameters, MaxNorm);
                if (!double.IsFinite(norm))
                    throw new InvalidOperationException($"training diverged in batch {number + 1}, step {step}: the gradient's norm is {norm}; try a learning rate below {plan.LearningRate}");
                adam.Step(schedule.At(step++));
            }

            progress?.Report(new TrainingProgress(number + 1, plan.Batches, (long)(number + 1) * plan.Series * plan.Length, loss / weight));
            drawing.GetAwaiter().GetResult();
            (batch, next) = (next, batch);
        }

        return layers;
    }

    /// <summary>One chunk forward and back: tapes and work space.</summary>
    private sealed class Pass : IDisposable
    {
        private readonly int _chunk, _series, _units, _rows, _width;
        private readonly RecurrentTape _lstm;
        private readonly DenseTape _hidden, _output;
        private readonly MixtureHead _mixture = new(Anchors.Count);
        private readonly RobustLoss _loss = new();
        private readonly float[] _state;                 // (B, 2H)
        private readonly float[] _hs, _dhs;              // (T, B, H)
        private readonly float[] _joined, _dJoined;      // (T, B, 2, H + 22 + 11)
        private readonly float[] _relu, _dRelu;          // (T, B, 2, 48)
        private readonly float[] _raw, _dRaw;            // (T, B, 2, outputs)

        public Pass(BaseModelPlan plan, ForecastLayers layers)
        {
            (_chunk, _series, _units) = (plan.Chunk, plan.Series, plan.Units);
            (_rows, _width) = (2 * _chunk * _series, _units + Outlook.Inputs + Outlook.HeadInputs);
            _lstm = new RecurrentTape(layers.Lstm, _chunk, _series);
            (_hidden, _output) = (new DenseTape(layers.Hidden, _rows), new DenseTape(layers.Output, _rows));
            _state = new float[_series * layers.Lstm.StateWidth];
            (_hs, _dhs) = (new float[_chunk * _series * _units], new float[_chunk * _series * _units]);
            (_joined, _dJoined) = (new float[_rows * _width], new float[_rows * _width]);
            (_relu, _dRelu) = (new float[_rows * ForecastNet.HeadWidth], new float[_rows * ForecastNet.HeadWidth]);
            (_raw, _dRaw) = (new float[_rows * ForecastNet.Outputs], new float[_rows * ForecastNet.Outputs]);
        }

        public void Restart() => Array.Clear(_state);

        /// <summary>Adds the gradients of the chunk's mean loss.</summary>
        /// <returns>The sum of the losses and the number of forecasts.</returns>
        public (double Sum, double Count) Run(TrainingBatch batch, int from)
        {
            var first = from * _series;
            _lstm.Forward(_chunk, batch.Inputs.AsSpan(first * Outlook.Inputs, _chunk * _series * Outlook.Inputs), _state, _hs);
            for (var r = 0; r < _rows; r++)
            {
                ForecastLayers.Join(
                    _hs.AsSpan(r / 2 * _units, _units),
                    batch.Inputs.AsSpan((first + (r / 2)) * Outlook.Inputs, Outlook.Inputs),
                    batch.Heads.AsSpan(((2 * first) + r) * Outlook.HeadInputs, Outlook.HeadInputs),
                    _joined.AsSpan(r * _width, _width));
            }

            _hidden.Forward(_joined, _relu);
            _output.Forward(_relu, _raw);
            var (at, k) = (2 * first, Anchors.Count);
            var sum = _mixture.Loss(
                _loss, _raw, batch.Locations.AsSpan(at * k, _rows * k), batch.Scales.AsSpan(at * k, _rows * k),
                batch.Units.AsSpan(at, _rows), batch.Targets.AsSpan(at, _rows), batch.Weights.AsSpan(at, _rows), _dRaw);
            double count = 0;
            foreach (var weight in batch.Weights.AsSpan(at, _rows))
                count += weight;
            foreach (ref var d in _dRaw.AsSpan())
                d /= _rows;
            _output.Backward(_dRaw, _dRelu);
            _hidden.Backward(_dRelu, _dJoined);
            for (var r = 0; r < _rows; r += 2)
            {
                var dh = _dhs.AsSpan(r / 2 * _units, _units);
                var near = _dJoined.AsSpan(r * _width, _units);
                var far = _dJoined.AsSpan((r + 1) * _width, _units);
                for (var j = 0; j < _units; j++)
                    dh[j] = near[j] + far[j];
            }

            _lstm.Backward(_dhs);
            return (sum, count);
        }

        public void Dispose()
        {
            _lstm.Dispose();
            _hidden.Dispose();
            _output.Dispose();
        }
    }
}
