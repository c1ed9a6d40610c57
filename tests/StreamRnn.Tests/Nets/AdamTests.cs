using StreamRnn.Nets;
using StreamRnn.Nets.Training;

namespace StreamRnn.Tests.Nets;

public class AdamTests
{
    [Fact]
    public void StepsFollowThePaper()
    {
        var parameter = new Parameter("p", 2);
        (parameter.Values[0], parameter.Values[1]) = (1, -2);
        var adam = new Adam([parameter]);
        var (m, v, theta) = (new double[2], new double[2], new double[] { 1, -2 });
        for (var t = 1; t <= 20; t++)
            for (var n = 0; n < 2; n++)
            {
                var g = Math.Sin(t + n) * (n == 0 ? 1 : 1e-6);
                parameter.Gradients[n] = (float)g;
                (m[n], v[n]) = (0.9 * m[n] + 0.1 * g, 0.999 * v[n] + 0.001 * g * g);
                theta[n] -= 0.1 / t * (m[n] / (1 - Math.Pow(0.9, t))) / (Math.Sqrt(v[n] / (1 - Math.Pow(0.999, t))) + 1e-8);
                if (n == 1)
                    adam.Step(0.1 / t);
            }

        Assert.Equal(theta[0], parameter.Values[0], 1e-5);
        Assert.Equal(theta[1], parameter.Values[1], 1e-5);
    }

    [Fact]
    public void ClippingScalesToTheNormAndLeavesSmallGradientsAlone()
    {
        var (a, b) = (new Parameter("a", 1), new Parameter("b", 2));
        (a.Gradients[0], b.Gradients[1]) = (3, -4);
        Assert.Equal(5, Gradients.Clip([a, b], 10), 1e-9);
        Assert.Equal(3, a.Gradients[0]);
        Assert.Equal(5, Gradients.Clip([a, b], 1), 1e-9);
        Assert.Equal(1, Gradients.Norm([a, b]), 1e-6);
        b.Gradients[0] = float.NaN;
        Assert.True(double.IsNaN(Gradients.Clip([a, b], 1)));
        Assert.Equal(0.6f, a.Gradients[0], 1e-6f);
        Gradients.Clear([a, b]);
        Assert.Equal(0, Gradients.Norm([a, b]));
    }
}
