using StreamRnn.Nets;

namespace StreamRnn.Tests.Nets.Generation;

public sealed class ForecastTests
{
    private const double Keep = 0.9;
    private const double Scale = 0.3;

    [Fact]
    public void SpreadGrowsAsTheProcessItselfWouldSpread()
    {
        // x' = 0.9 x + 0.3 τ, τ Student-t with ν = 4: its variance is 2. Here the net is the process, with weights set by hand.
        const int Paths = 40_000;
        var net = Autoregression();
        var y = new float[3];
        using var bank = Stepped(net, [4], y);
        var forecast = Forecast.Draw(net, bank.Row(0), y, 12, Paths, 3);
        Assert.Equal((12, 1, Paths), (forecast.Steps, forecast.Width, forecast.Paths));
        Assert.Equal(Keep * 4 + Scale * 2.1318, forecast.Quantile(0, 0, 0.95), 0.02); // the 95 % point of t₄
        Assert.Equal(Keep * 4 - Scale * 2.1318, forecast.Quantile(0, 0, 0.05), 0.02);
        for (var k = 1; k <= 12; k++)
        {
            var centre = 4 * Math.Pow(Keep, k);
            Assert.Equal(centre, forecast.Quantile(k - 1, 0, 0.5), 0.02);
            var variance = 2 * Scale * Scale * (1 - Math.Pow(Keep, 2 * k)) / (1 - Keep * Keep);
            var measured = Enumerable.Range(0, Paths).Average(s => Math.Pow(forecast.Quantile(k - 1, 0, s / (Paths - 1.0)) - centre, 2));
            Assert.InRange(measured / variance, 0.93, 1.07);
        }
    }

    [Fact]
    public void TheStateThatAForecastStartsFromIsLeftAlone()
    {
        var (net, bank, y) = Recurrent("studentT");
        using (bank)
        {
            var before = bank.Row(0).ToArray();
            Forecast.Draw(net, bank.Row(0), y, 20, 50, 1);
            Assert.Equal(before, bank.Row(0).ToArray());
        }
    }

    [Fact]
    public void APathDependsOnTheSeedAndNotOnTheOthers()
    {
        var (net, bank, y) = Recurrent("quantile");
        using (bank)
        {
            var (many, again) = (Forecast.Draw(net, bank.Row(0), y, 9, 300, 5), Forecast.Draw(net, bank.Row(0), y, 9, 300, 5));
            var (one, other) = (Forecast.Draw(net, bank.Row(0), y, 9, 1, 5), Forecast.Draw(net, bank.Row(0), y, 9, 300, 6));
            for (var n = 0; n < 9; n++)
                for (var d = 0; d < 2; d++)
                {
                    var all = Enumerable.Range(0, 300).Select(s => many.Quantile(n, d, s / 299.0)).ToArray();
                    Assert.Equal(all, Enumerable.Range(0, 300).Select(s => again.Quantile(n, d, s / 299.0)));
                    Assert.Contains(all, value => Math.Abs(value - one.Quantile(n, d, 0.5)) < 1e-6); // reading between paths rounds
                    Assert.NotEqual(many.Quantile(n, d, 0.5), other.Quantile(n, d, 0.5));
                }
        }
    }

    [Fact]
    public void WithoutADistributionAForecastIsThePointFedBack()
    {
        var (net, bank, y) = Recurrent("mse");
        using (bank)
        {
            var forecast = Forecast.Draw(net, bank.Row(0), y, 7, 100, 1);
            Assert.False(forecast.HasIntervals);
            using var step = net.Prepare();
            for (var n = 0; n < 7; n++)
            {
                Assert.Equal([y[0], y[1]], [forecast.Quantile(n, 0, 0.05), forecast.Quantile(n, 1, 0.95)]);
                step.Step(bank, [0], y.ToArray(), y);
            }
        }
    }

    [Fact]
    public void ATemperatureOfZeroDrawsOnePathOnly()
    {
        var (net, bank, y) = Recurrent("studentT");
        using (bank)
        {
            var forecast = Forecast.Draw(net, bank.Row(0), y, 5, 20, 1, temperature: 0);
            Assert.Equal(forecast.Quantile(4, 1, 0), forecast.Quantile(4, 1, 1));
        }
    }

    [Fact]
    public void ANetThatPredictsOtherColumnsIsRefused()
    {
        var net = new Net(Topology.Parse("""{"layers":[{"type":"lstm","units":3},{"type":"rnnOutput","units":1}]}"""), 2, new Seeded(1));
        Assert.Contains("takes 2 values and predicts 1", Assert.Throws<ArgumentException>(() => Forecast.Draw(net, new float[16], new float[1], 1, 1, 1)).Message, StringComparison.Ordinal);
        var (other, bank, y) = Recurrent("studentT");
        using (bank)
        {
            Assert.Contains("another net", Assert.Throws<ArgumentException>(() => Forecast.Draw(other, new float[5], y, 1, 1, 1)).Message, StringComparison.Ordinal);
            Assert.Throws<ArgumentException>(() => Forecast.Draw(other, bank.Row(0), y.AsSpan(1), 1, 1, 1));
        }
    }

    private static Net Autoregression()
    {
        var net = new Net(Topology.Parse("""{"layers":[{"type":"rnnOutput","units":1,"loss":"studentT","components":1}]}"""), 1);
        net.Output!.W.Values[1] = (float)Keep;
        net.Output.B.Values[2] = (float)(7 * Math.Atanh(Math.Log(Scale) / 7)); // the log scale is 7 tanh(v/7)
        return net;
    }

    private static (Net Net, StateBank Bank, float[] Outputs) Recurrent(string loss)
    {
        var net = new Net(new Topology(new LayerSpec("lstm") { Units = 10 }, new LayerSpec("rnnOutput") { Units = 2, Loss = loss }), 2, new Seeded(8));
        var y = new float[net.Outputs];
        return (net, Stepped(net, Draw.Normal(new Seeded(2), 40), y), y);
    }

    private static StateBank Stepped(Net net, float[] x, float[] y)
    {
        var bank = net.CreateBank(1);
        using var step = net.Prepare();
        for (var t = 0; t < x.Length; t += net.Inputs)
            step.Step(bank, [0], x.AsSpan(t, net.Inputs), y);
        return bank;
    }
}
