using StreamRnn.Nets;
using StreamRnn.Nets.Training;

namespace StreamRnn.Tests.Nets.Memory;

/// <summary>A task that asks for memory: fresh sequences from a seed, as many as are wanted.</summary>
internal abstract class Lesson(int steps, int inputs, string output)
{
    /// <summary>T.</summary>
    public int Steps => steps;

    public int Inputs => inputs;

    /// <summary>Writes a sequence into column b of a batch of B; the arrays are zero before.</summary>
    public abstract void Write(Seeded seeded, Batch batch, int b);

    /// <summary>A net of one layer of this kind, trained on fresh batches by Adam with the learning rate along a cosine.</summary>
    /// <param name="prepare">May change the new weights.</param>
    public Net Learn(string kind, int units, int batches, int batch, double rate, ulong seed, Action<Net, Seeded>? prepare = null)
    {
        var seeded = new Seeded(seed);
        var net = new Net(Topology.Parse($$"""{"layers":[{"type":"{{kind}}","units":{{units}}},{{output}}]}"""), inputs, seeded);
        prepare?.Invoke(net, seeded);
        var adam = new Adam(net.Parameters);
        var schedule = new CosineSchedule(rate, rate / 20, batches, 20);
        using var tape = net.CreateTape(steps, batch);
        var lesson = new Batch(this, net, batch);
        var dz = new float[steps * batch * net.Outputs];
        for (var n = 0; n < batches; n++)
        {
            lesson.Refill(seeded);
            Gradients.Clear(net.Parameters);
            tape.Restart();
            net.Output!.Loss.Evaluate(tape.Forward(steps, lesson.X), lesson.T, lesson.W, dz);
            foreach (ref var d in dz.AsSpan())
                d /= lesson.Weight;
            tape.Backward(dz);
            Gradients.Clip(net.Parameters, 1);
            adam.Step(schedule.At(n));
        }

        return net;
    }

    /// <summary>The net on fresh sequences, stepped as in a stream: of each sequence the least that <paramref name="of"/> says of a step that was asked for, and the mean of those.</summary>
    /// <param name="of">From a step's outputs, targets and the targets that would have been as right (a bit each).</param>
    public double Judge(Net net, int sequences, Func<float[], float[], int, double> of)
    {
        var lesson = new Batch(this, net, sequences);
        lesson.Refill(new Seeded(999));
        using var step = net.Prepare();
        using var bank = net.CreateBank(sequences);
        int[] rows = [.. Enumerable.Range(0, sequences)];
        var y = new float[sequences * net.Outputs];
        var least = new double[sequences];
        Array.Fill(least, double.PositiveInfinity);
        for (var t = 0; t < steps; t++)
        {
            step.Step(bank, rows, lesson.X.AsSpan(t * sequences * inputs, sequences * inputs), y);
            foreach (var b in rows)
                if (lesson.W[(t * sequences) + b] > 0)
                    least[b] = Math.Min(least[b], of(y[(b * net.Outputs)..((b + 1) * net.Outputs)], lesson.TargetsOf(t, b), lesson.AsRight[(t * sequences) + b]));
        }

        return least.Average();
    }

    internal sealed class Batch(Lesson lesson, Net net, int size)
    {
        private readonly int _targets = net.Output!.Loss.Targets;

        /// <summary>(T, B, I).</summary>
        public float[] X { get; } = new float[lesson.Steps * size * lesson.Inputs];

        /// <summary>(T, B, D).</summary>
        public float[] T { get; } = new float[lesson.Steps * size * net.Output!.Loss.Targets];

        /// <summary>(T, B).</summary>
        public float[] W { get; } = new float[lesson.Steps * size];

        /// <summary>(T, B): which targets would have been as right, a bit each.</summary>
        public int[] AsRight { get; } = new int[lesson.Steps * size];

        public float Weight { get; private set; }

        public void Refill(Seeded seeded)
        {
            Array.Clear(X);
            Array.Clear(T);
            Array.Clear(W);
            for (var b = 0; b < size; b++)
                lesson.Write(seeded, this, b);
            Weight = W.Sum();
        }

        public ref float Input(int t, int b, int i) => ref X[(((t * size) + b) * lesson.Inputs) + i];

        /// <summary>Asks for a value of target d at step t.</summary>
        public void Ask(int t, int b, int d, float value, int asRight = 0)
        {
            T[(((t * size) + b) * _targets) + d] = value;
            W[(t * size) + b] = 1;
            AsRight[(t * size) + b] = asRight;
        }

        public float[] TargetsOf(int t, int b) => T[(((t * size) + b) * _targets)..(((t * size) + b + 1) * _targets)];
    }
}
