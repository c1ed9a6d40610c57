using System.Globalization;
using StreamRnn.Nets;
using StreamRnn.Nets.Training;

namespace StreamRnn.Host.Samples;

/// <summary>A net that is fed a picture as a sequence, row by row or value by value, and says at the end which numeral it was.</summary>
internal static class DigitsSample
{
    private const int Learned = 5000;
    private const int HeldOut = 1000;

    public static int Run(bool byPixel, double seconds, ulong seed, TextWriter output, CancellationToken cancel)
    {
        var culture = CultureInfo.InvariantCulture;
        var inputs = byPixel ? 1 : Numerals.Side;
        var steps = Numerals.Pixels / inputs;
        var (learned, heldOut) = (Draw(Seeded.For(seed, 0), Learned), Draw(Seeded.For(seed, 1), HeldOut));
        var net = new Net(
            new Topology(new LayerSpec("lstm") { Units = 64 }, new LayerSpec("rnnOutput") { Units = 10, Loss = "crossEntropy", Activation = "softmax" }), inputs, Seeded.For(seed, 2));
        if (byPixel)
            RememberFor(net, steps, Seeded.For(seed, 3));
        output.WriteLine(string.Create(culture, $"{Learned:N0} drawn numerals to learn, {HeldOut:N0} held out; {steps} steps of {inputs} {(inputs == 1 ? "value" : "values")}, asked at the last."));
        output.Write(net.Describe());

        var clock = new SampleClock(TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(Math.Clamp(seconds / 10, 2, 30)), (elapsed, report) =>
        {
            var few = heldOut.Take(200).ToArray();
            output.WriteLine(string.Create(culture,
                $"{elapsed.TotalSeconds,4:0} s  loss {report.Loss:0.000}  right {Share(few, Say(net, few, inputs)):P1} of 200 held out  {report.Rows / steps / elapsed.TotalSeconds:0} numerals/s"));
            output.Flush();
        });
        var data = new TrainingSet(learned.Select(one => Sequence(one, inputs)), heldOut.Take(byPixel ? 200 : HeldOut).Select(one => Sequence(one, inputs)));
        TrainingResult end;
        using (var trainer = new Trainer(net, data, new TrainingPlan { Lanes = 32, Chunk = steps, Epochs = 1_000_000, Patience = 1_000_000, LearningRate = 8e-3, Seed = seed }))
            end = trainer.Train(clock, clock.Spent, cancel);

        var said = Say(net, heldOut, inputs);
        output.WriteLine(string.Create(culture,
            $"Learned {end.Rows / steps:N0} numerals, {end.Epochs} times round. Right: {Share(heldOut, said):P1} of {HeldOut:N0} held out (chance is 10 %)."));
        output.WriteLine();
        Confusion(heldOut, said, output);
        output.WriteLine();
        Show(heldOut, said, output);
        return ExitCode.Fine;
    }

    private static (int Numeral, float[] Picture)[] Draw(Seeded seeded, int count) => [.. Enumerable.Range(0, count).Select(_ => Numerals.Draw(seeded))];

    /// <summary>Cells begin so that they keep what they hold for 1 to T steps, each its own time (Tallec and Ollivier 2018): b_f = ln U(1, T), b_i = −b_f.</summary>
    private static void RememberFor(Net net, int steps, Seeded seeded)
    {
        var lstm = (LstmLayer)net.Layers[0];
        for (var j = 0; j < lstm.Units; j++)
            lstm.B.Values[j] = -(lstm.B.Values[lstm.Units + j] = (float)Elementary.Ln(seeded.NextDouble(1, steps)));
    }

    internal static TrainingSequence Sequence((int Numeral, float[] Picture) one, int inputs)
    {
        var steps = Numerals.Pixels / inputs;
        var (targets, weights) = (new float[steps * 10], new float[steps]);
        targets[((steps - 1) * 10) + one.Numeral] = weights[^1] = 1;
        return new TrainingSequence(one.Picture, targets, weights);
    }

    /// <summary>What the net says of each picture: ten probabilities after its last step.</summary>
    internal static float[][] Say(Net net, (int Numeral, float[] Picture)[] all, int inputs)
    {
        using var step = net.Prepare();
        using var bank = net.CreateBank(all.Length);
        int[] rows = [.. Enumerable.Range(0, all.Length)];
        var (x, y) = (new float[all.Length * inputs], new float[all.Length * 10]);
        for (var at = 0; at < Numerals.Pixels; at += inputs)
        {
            foreach (var n in rows)
                all[n].Picture.AsSpan(at, inputs).CopyTo(x.AsSpan(n * inputs));
            step.Step(bank, rows, x, y);
        }

        return [.. rows.Select(n => y[(n * 10)..((n + 1) * 10)])];
    }

    internal static double Share((int Numeral, float[] Picture)[] all, float[][] said) =>
        all.Zip(said, (one, y) => CategoricalLoss.Likeliest(y) == one.Numeral ? 1.0 : 0).Average();

    private static void Confusion((int Numeral, float[] Picture)[] all, float[][] said, TextWriter output)
    {
        var counts = new int[10, 10];
        for (var n = 0; n < all.Length; n++)
            counts[all[n].Numeral, CategoricalLoss.Likeliest(said[n])]++;
        output.WriteLine("drawn    said " + string.Concat(Enumerable.Range(0, 10).Select(d => $"{d,5}")));
        for (var drawn = 0; drawn < 10; drawn++)
            output.WriteLine($"{drawn,5}         " + string.Concat(Enumerable.Range(0, 10).Select(d => counts[drawn, d] == 0 ? "    ." : $"{counts[drawn, d],5}")));
    }

    /// <summary>Three pictures: the first two, and the first that it got wrong, if there is one.</summary>
    private static void Show((int Numeral, float[] Picture)[] all, float[][] said, TextWriter output)
    {
        int[] shown = [0, 1, Enumerable.Range(2, all.Length - 2).FirstOrDefault(n => CategoricalLoss.Likeliest(said[n]) != all[n].Numeral, 2)];
        foreach (var line in Numerals.Lines([.. shown.Select(n => all[n].Picture)]))
            output.WriteLine(line);
        output.WriteLine(string.Join("  ", shown.Select(n =>
        {
            var likeliest = CategoricalLoss.Likeliest(said[n]);
            return string.Create(CultureInfo.InvariantCulture, $"a {all[n].Numeral}; it said {likeliest}, {said[n][likeliest]:P0} sure").PadRight(Numerals.Side);
        })).TrimEnd());
    }
}
