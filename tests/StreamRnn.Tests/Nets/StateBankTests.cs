using CsCheck;
using StreamRnn.Nets;

namespace StreamRnn.Tests.Nets;

public class StateBankTests
{
    [Fact]
    public void ABankBehavesAsAListOfArrays() =>
        Gen.Select(Gen.Int[1, 40], Gen.Select(Gen.Int[0, 3], Gen.Int[0, 120], Gen.Int[0, 120], Gen.Float[-9, 9]).Array[0, 60]).Sample(
            (width, actions) =>
            {
                using var bank = new StateBank(width);
                var model = new List<float[]>();
                foreach (var (kind, a, b, value) in actions)
                    switch (kind)
                    {
                        case 0:
                            bank.EnsureRows(a);
                            while (model.Count < a)
                                model.Add(new float[width]);
                            break;
                        case 1 when a < model.Count:
                            var state = Enumerable.Range(0, width).Select(n => value + n).ToArray();
                            bank.Set(a, state);
                            model[a] = state;
                            break;
                        case 2 when a < model.Count && b < model.Count:
                            bank.Copy(a, b);
                            model[b] = [.. model[a]];
                            break;
                        case 3 when a < model.Count:
                            bank.Clear(a);
                            model[a] = new float[width];
                            break;
                    }

                Assert.Equal(model.Count, bank.Rows);
                for (var row = 0; row < model.Count; row++)
                    Assert.Equal(model[row], bank.Row(row).ToArray());
            },
            iter: 300);

    [Fact]
    public unsafe void RowsStartOnCacheLines()
    {
        using var bank = StateBank.ForLstm(19, 3);
        Assert.Equal((38, 48), (bank.Width, bank.Stride));
        for (var row = 0; row < 3; row++)
            fixed (float* start = bank.Row(row))
                Assert.Equal(0u, (nuint)start % 64);
    }

    [Fact]
    public unsafe void ALargeBankLiesOnHugePagesWhereThereAreAnyAndKeepsItsBitsWhenItGrows()
    {
        using var bank = new StateBank(1000, 3000);
        bank.Row(2999).Fill(7);
        bank.EnsureRows(20_000);
        Assert.All(bank.Row(2999).ToArray(), value => Assert.Equal(7, value));
        Assert.All(bank.Row(19_999).ToArray(), value => Assert.Equal(0, value));
        fixed (float* start = bank.Row(0))
            Assert.Equal(0u, (nuint)start % (OperatingSystem.IsLinux() ? 2u << 20 : 64));
    }

    [Fact]
    public void RowsThatDoNotExistAndStatesOfAnotherNetAreRefused()
    {
        using var bank = StateBank.ForLstm(4, 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => bank.Clear(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => bank.Clear(-1));
        Assert.Contains("another net", Assert.Throws<ArgumentException>(() => bank.Set(0, new float[7])).Message, StringComparison.Ordinal);
        bank.Dispose();
        Assert.Throws<ArgumentOutOfRangeException>(() => bank.Clear(0));
        Assert.Throws<ObjectDisposedException>(() => bank.EnsureRows(9));
    }
}
