using StreamRnn.Nets;

namespace StreamRnn.Tests.Nets;

/// <summary>The equations in float64 with the C library's functions: what float32 kernels are measured against.</summary>
internal static class DoubleLstm
{
    /// <summary>One step of one sequence; h and c (H) are overwritten.</summary>
    public static void Step(LstmLayer layer, ReadOnlySpan<double> x, Span<double> h, Span<double> c)
    {
        var before = h.ToArray();
        for (var j = 0; j < layer.Units; j++)
        {
            var i = Sigmoid(Sum(0, j, x));
            var f = Sigmoid(Sum(1, j, x));
            var g = Math.Tanh(Sum(2, j, x));
            var o = Sigmoid(Sum(3, j, x));
            c[j] = f * c[j] + i * g;
            h[j] = o * Math.Tanh(c[j]);
        }

        double Sum(int gate, int unit, ReadOnlySpan<double> x)
        {
            var row = gate * layer.Units + unit;
            double sum = layer.B.Values[row];
            for (var k = 0; k < layer.Inputs; k++)
                sum += (double)layer.W.Values[row * layer.Inputs + k] * x[k];
            for (var k = 0; k < layer.Units; k++)
                sum += (double)layer.U.Values[row * layer.Units + k] * before[k];
            return sum;
        }
    }

    /// <summary>Σ over steps of h·dh, from x (T, B, I) and states (B, H) that are left as they are.</summary>
    public static double Loss(LstmLayer layer, int steps, int batch, ReadOnlySpan<float> x, ReadOnlySpan<float> h0, ReadOnlySpan<float> c0, ReadOnlySpan<float> dh)
    {
        var loss = 0.0;
        for (var b = 0; b < batch; b++)
        {
            var h = Widen(h0.Slice(b * layer.Units, layer.Units));
            var c = Widen(c0.Slice(b * layer.Units, layer.Units));
            for (var t = 0; t < steps; t++)
            {
                Step(layer, Widen(x.Slice((t * batch + b) * layer.Inputs, layer.Inputs)), h, c);
                for (var j = 0; j < layer.Units; j++)
                    loss += h[j] * dh[(t * batch + b) * layer.Units + j];
            }
        }

        return loss;
    }

    public static double[] Widen(ReadOnlySpan<float> values)
    {
        var wide = new double[values.Length];
        for (var n = 0; n < wide.Length; n++)
            wide[n] = values[n];
        return wide;
    }

    private static double Sigmoid(double z) => 1 / (1 + Math.Exp(-z));
}
