using StreamRnn.Nets;

namespace StreamRnn.Tests.Nets;

public class MixtureHeadTests
{
    public static TheoryData<string> Losses => ["absolute", "robust", "student-t"];

    [Theory]
    [MemberData(nameof(Losses))]
    public void GradientsOfTheLossAgreeWithFiniteDifferences(string name)
    {
        var loss = Loss(name);
        foreach (var experts in new[] { 1, 4 })
        {
            var row = new Rows(new Seeded(9), experts, 40);
            var gradients = new float[row.Raw.Length];
            row.Loss(loss, gradients);
            for (var n = 0; n < row.Raw.Length; n++)
            {
                var value = row.Raw[n];
                var (a, high) = (row.Loss(loss, null, value + 1 / 4096f, n), (double)row.Raw[n]);
                var (b, low) = (row.Loss(loss, null, value - 1 / 4096f, n), (double)row.Raw[n]);
                row.Raw[n] = value;
                var expected = (a - b) / (high - low);
                Assert.True(
                    Math.Abs(expected - gradients[n]) < 1e-4 * (1 + Math.Abs(expected)),
                    $"{name}, K = {experts}, row {n / row.Head.RawWidth}, output {n % row.Head.RawWidth}: finite difference {expected}, gradient {gradients[n]}");
            }
        }
    }

    [Fact]
    public void TheForecastIsTheWeightedMeanOfTheShiftedExperts()
    {
        var head = new MixtureHead(2);
        Assert.Equal(7, head.RawWidth);
        Assert.Equal(15, head.Forecast(new float[7], [10, 20], [1, 1]), 1e-12);
        var (w1, w2) = (Math.Exp(4 * 0.25), Math.Exp(4 * -0.5));
        var expected = (w1 * (10 + 1.5 * Math.Tanh(0.5) * 2) + w2 * (20 + 1.5 * Math.Tanh(-2) * 3)) / (w1 + w2);
        Assert.Equal(expected, head.Forecast([0.25f, -0.5f, 0.5f, -2, 9, 9, 9], [10, 20], [2, 3]), 1e-12);
    }

    [Fact]
    public void TheAbsoluteAndTheRobustLossAreThoseOfTheForecast()
    {
        var rows = new Rows(new Seeded(3), 3, 1);
        var forecast = rows.Head.Forecast(rows.Raw, rows.Locations, rows.Scales);
        var z = Math.Abs(rows.Targets[0] - forecast) / rows.Units[0];
        Assert.Equal(z * rows.Weights[0], rows.Loss(new AbsoluteLoss()), 1e-9);
        Assert.Equal(Math.Log(1 + z) * rows.Weights[0], rows.Loss(new RobustLoss()), 1e-9);
    }

    [Fact]
    public void TheLikelihoodIntegratesToOne()
    {
        var loss = new StudentTLoss(4, 10, 1e6);
        var rows = new Rows(new Seeded(4), 3, 1) { Weights = [1] };
        rows.Raw[9] = -6; // little background, whose tails are too heavy to integrate
        var sum = 0.0;
        const double Width = 1 / 64.0;
        for (var z = -400.0; z <= 400; z += Width)
        {
            rows.Targets[0] = (float)(rows.Locations[0] + z * rows.Units[0]);
            sum += Width * Math.Exp(-rows.Loss(loss));
        }

        Assert.Equal(1, sum, 2e-3);
    }

    [Fact]
    public void ARowOfWeightZeroIsNeitherReadNorTrained()
    {
        var rows = new Rows(new Seeded(5), 2, 2);
        rows.Weights[1] = 0;
        rows.Targets[1] = float.NaN;
        var gradients = Enumerable.Repeat(float.NaN, 14).ToArray();
        var loss = rows.Loss(new StudentTLoss(), gradients);
        Assert.True(double.IsFinite(loss));
        Assert.All(gradients[..7], g => Assert.True(float.IsFinite(g)));
        Assert.All(gradients[7..], g => Assert.Equal(0, g));
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void ExtremeRawOutputsAndFarTargetsGiveFiniteLossesAndGradients(string name)
    {
        foreach (var raw in new[] { -1e4f, -50, 0, 50, 1e4f })
            foreach (var target in new[] { -1e30f, 0, 1e30f })
            {
                var head = new MixtureHead(2);
                var gradients = new float[7];
                var loss = head.Loss(Loss(name), [raw, -raw, raw, raw, raw, raw, raw], [0, 1], [1e-6f, 1], [1], [target], [1], gradients);
                Assert.True(double.IsFinite(loss), $"{name} at {raw}, {target}: {loss}");
                Assert.All(gradients, g => Assert.True(float.IsFinite(g), $"{name} at {raw}, {target}: {g}"));
            }
    }

    private static MixtureLoss Loss(string name) => name switch
    {
        "absolute" => new AbsoluteLoss(),
        "robust" => new RobustLoss(),
        _ => new StudentTLoss(),
    };

    private sealed class Rows
    {
        public Rows(Seeded seeded, int experts, int count)
        {
            Head = new MixtureHead(experts);
            Raw = Draw.Normal(seeded, count * Head.RawWidth, 0.7);
            Locations = Draw.Normal(seeded, count * experts, 3);
            Scales = [.. Draw.Normal(seeded, count * experts).Select(value => 0.3f + Math.Abs(value))];
            Units = [.. Draw.Normal(seeded, count).Select(value => 0.5f + Math.Abs(value))];
            Targets = Draw.Normal(seeded, count, 4);
            Weights = [.. Draw.Normal(seeded, count).Select(value => 0.1f + Math.Abs(value))];
        }

        public MixtureHead Head { get; }
        public float[] Raw { get; }
        public float[] Locations { get; }
        public float[] Scales { get; }
        public float[] Units { get; }
        public float[] Targets { get; }
        public float[] Weights { get; init; }

        public double Loss(MixtureLoss loss, float[]? gradients = null, float value = 0, int at = -1)
        {
            if (at >= 0)
                Raw[at] = value;
            return Head.Loss(loss, Raw, Locations, Scales, Units, Targets, Weights, gradients ?? new float[Raw.Length]);
        }
    }
}
