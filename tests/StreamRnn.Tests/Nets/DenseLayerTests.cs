using CsCheck;
using StreamRnn.Nets;
using StreamRnn.Nets.Training;

namespace StreamRnn.Tests.Nets;

public class DenseLayerTests
{
    [Fact]
    public void ARowHasTheSameBitsAloneInABatchAndInTraining() =>
        Gen.Select(Gen.Int[1, 70], Gen.OneOf(Gen.Int[1, 50], Gen.Const(300)), Gen.Int[1, 20], Gen.Enum<Activation>(), Gen.ULong).Sample(
            (inputs, outputs, batch, activation, seed) =>
            {
                var seeded = new Seeded(seed);
                var layer = new DenseLayer("dense", inputs, outputs, activation, seeded);
                using var step = layer.Prepare();
                using var tape = new DenseTape(layer, batch);
                var x = Draw.Normal(seeded, batch * inputs);
                var (y, alone, trained) = (new float[batch * outputs], new float[batch * outputs], new float[batch * outputs]);
                step.Run(x, y);
                for (var n = 0; n < batch; n++)
                    step.Run(x.AsSpan(n * inputs, inputs), alone.AsSpan(n * outputs, outputs));
                tape.Forward(x, trained);
                Assert.Equal(y, alone);
                Assert.Equal(y, trained);
                for (var n = 0; n < y.Length; n++)
                    Assert.True(Math.Abs(InDouble(layer, x, n / outputs, n % outputs) - y[n]) < 1e-5);
            },
            iter: 200);

    [Theory]
    [InlineData(Activation.Identity)]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Tanh)]
    [InlineData(Activation.Sigmoid)]
    public void GradientsAgreeWithFiniteDifferences(Activation activation)
    {
        const int Rows = 150;
        var seeded = new Seeded(21);
        var layer = new DenseLayer("dense", 7, 18, activation, seeded);
        layer.B.FillUniform(seeded, 0.5);
        var (x, dy) = (Draw.Normal(seeded, Rows * 7), Draw.Normal(seeded, Rows * 18));
        using var tape = new DenseTape(layer, Rows + 10);
        var dx = new float[x.Length];
        tape.Forward(x, new float[dy.Length]);
        tape.Backward(dy, dx);
        foreach (var (values, gradients, name) in new[] { (layer.W.Values, layer.W.Gradients, "W"), (layer.B.Values, layer.B.Gradients, "b"), (x, dx, "x") })
            for (var n = 0; n < values.Length; n += 1 + values.Length / 90)
            {
                var (value, step) = (values[n], 1 / 16384f);
                values[n] = value + step;
                var (above, high) = (Loss(), (double)values[n]);
                values[n] = value - step;
                var (below, low) = (Loss(), (double)values[n]);
                values[n] = value;
                var expected = (above - below) / (high - low);
                Assert.True(Math.Abs(expected - gradients[n]) < 2e-3 * (1 + Math.Abs(expected)), $"{name}[{n}]: finite difference {expected}, backward {gradients[n]}");
            }

        double Loss()
        {
            var loss = 0.0;
            for (var n = 0; n < dy.Length; n++)
                loss += dy[n] * InDouble(layer, x, n / 18, n % 18);
            return loss;
        }
    }

    [Fact]
    public void ShapesThatDisagreeAreRefused()
    {
        var layer = new DenseLayer("dense", 3, 2, Activation.Identity, new Seeded(1));
        using var step = layer.Prepare();
        Assert.Contains("needs 6", Assert.Throws<ArgumentException>(() => step.Run(new float[5], new float[4])).Message, StringComparison.Ordinal);
        using var tape = new DenseTape(layer, 4);
        Assert.Throws<InvalidOperationException>(() => tape.Backward(new float[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tape.Forward(new float[15], new float[10]));
    }

    private static double InDouble(DenseLayer layer, float[] x, int row, int output)
    {
        double sum = layer.B.Values[output];
        for (var k = 0; k < layer.Inputs; k++)
            sum += (double)layer.W.Values[output * layer.Inputs + k] * x[row * layer.Inputs + k];
        return layer.Activation switch
        {
            Activation.Relu => Math.Max(sum, 0),
            Activation.Tanh => Math.Tanh(sum),
            Activation.Sigmoid => 1 / (1 + Math.Exp(-sum)),
            _ => sum,
        };
    }
}
