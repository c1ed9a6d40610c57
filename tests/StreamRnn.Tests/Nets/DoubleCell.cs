using StreamRnn.Nets;

namespace StreamRnn.Tests.Nets;

/// <summary>The equations of every cell in float64 with the C library's functions: what float32 kernels and their gradients are measured against. Shares no code with the layers.</summary>
internal static class DoubleCell
{
    /// <summary>One step of one sequence; h (H) and c (H, or empty) are overwritten.</summary>
    public static void Step(RecurrentLayer layer, ReadOnlySpan<double> x, Span<double> h, Span<double> c)
    {
        var before = h.ToArray();
        var units = layer.Units;
        for (var j = 0; j < units; j++)
        {
            switch (layer)
            {
                case LstmLayer:
                    {
                        var (i, f, g) = (Sigmoid(Both(0, j, x)), Sigmoid(Both(1, j, x)), Math.Tanh(Both(2, j, x)));
                        c[j] = f * c[j] + i * g;
                        h[j] = Sigmoid(Both(3, j, x)) * Math.Tanh(c[j]);
                        break;
                    }

                case GravesLstmLayer graves:
                    {
                        var p = graves.P.Values;
                        var (i, f, g) = (Sigmoid(Both(0, j, x) + p[j] * c[j]), Sigmoid(Both(1, j, x) + p[units + j] * c[j]), Math.Tanh(Both(2, j, x)));
                        c[j] = f * c[j] + i * g;
                        h[j] = Sigmoid(Both(3, j, x) + p[2 * units + j] * c[j]) * Math.Tanh(c[j]);
                        break;
                    }

                case GruLayer:
                    {
                        var (r, z) = (Sigmoid(Both(0, j, x)), Sigmoid(Both(1, j, x)));
                        var n = Math.Tanh(OfX(2, j, x) + layer.B.Values[2 * units + j] + r * (OfH(2, j) + layer.B.Values[3 * units + j]));
                        h[j] = (1 - z) * n + z * before[j];
                        break;
                    }

                case SimpleRnnLayer:
                    h[j] = Math.Tanh(Both(0, j, x));
                    break;
                default:
                    throw new InvalidOperationException($"{layer.GetType().Name} has no equations here: add them");
            }
        }

        double Both(int block, int unit, ReadOnlySpan<double> x) => layer.B.Values[block * units + unit] + OfX(block, unit, x) + OfH(block, unit);

        double OfX(int block, int unit, ReadOnlySpan<double> x)
        {
            var sum = 0.0;
            for (var k = 0; k < layer.Inputs; k++)
                sum += layer.W.Values[(block * units + unit) * layer.Inputs + k] * x[k];
            return sum;
        }

        double OfH(int block, int unit)
        {
            var sum = 0.0;
            for (var k = 0; k < units; k++)
                sum += layer.U.Values[(block * units + unit) * units + k] * before[k];
            return sum;
        }
    }

    /// <summary>The outputs (T, B, H) of a chunk, from x (T, B, I) and states (B, StateWidth).</summary>
    public static double[] Run(RecurrentLayer layer, int steps, int batch, ReadOnlySpan<double> x, ReadOnlySpan<float> states)
    {
        var y = new double[steps * batch * layer.Units];
        for (var b = 0; b < batch; b++)
        {
            var state = Widen(states.Slice(b * layer.StateWidth, layer.StateWidth)).AsSpan();
            for (var t = 0; t < steps; t++)
            {
                Step(layer, x.Slice((t * batch + b) * layer.Inputs, layer.Inputs), state[..layer.Units], state[layer.Units..]);
                state[..layer.Units].CopyTo(y.AsSpan((t * batch + b) * layer.Units));
            }
        }

        return y;
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
