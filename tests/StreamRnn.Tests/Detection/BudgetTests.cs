using StreamRnn.Detection;
using StreamRnn.Nets;

namespace StreamRnn.Tests.Detection;

public sealed class BudgetTests
{
    [Fact]
    public void TheThresholdIsTheBudgetPerReadingAndTenTimesTheBudgetIsOneDecadeLess()
    {
        var device = EverySecond(100);
        Assert.Equal(Math.Log10(604_800), device.Threshold(1), 2);
        Assert.Equal(device.Threshold(1) - 1, device.Threshold(10), 6);
    }

    [Fact]
    public void AnAlertRaisesTheThresholdByADecadeThatIsPaidBackWithinOneBudgetPeriod()
    {
        var device = EverySecond(100);
        var before = device.Threshold(604.8);            // one in a thousand readings
        device.AlertOpened();
        Assert.Equal(before + 1, device.Threshold(604.8), 3);
        Assert.False(device.MayOpen);
        for (var i = 0; i < 1100; i++)
            device.Learn(device.LastTime + 1_000_000, 1, 604.8);
        Assert.Equal(before, device.Threshold(604.8), 3);
        Assert.True(device.MayOpen);
    }

    [Fact]
    public void WithOneChannelTheDeviceIsItsChannelAndOfManyOneCountsAloneOnlyBeyondTheCapAndPaysForTheTries()
    {
        var device = EverySecond(100);
        Assert.Equal(6, device.Rarity(12, 6, channels: 1));
        Assert.InRange(device.Rarity(0, DeviceRow.Cap, channels: 100), 0, 0.1);
        Assert.Equal(11 - 2, device.Rarity(0, 11, channels: 100), 6);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(600)]
    public void OnNoiseTheRealisedRateStaysWithinTheBudget(double falseAlarmsPerThousand)
    {
        // Calibrated rarity of pure noise: p uniform, L = −log10 p. Budget b per reading; over many devices the alerts per reading must not exceed it.
        var perWeek = falseAlarmsPerThousand / 1000 * 604_800 / 10;
        var (alerts, readings) = (0, 0);
        var random = new Seeded(1);
        for (var d = 0; d < 50; d++)
        {
            var device = EverySecond(DeviceRow.WarmUp + DeviceRow.Refractory);
            for (var i = 0; i < 4000; i++, readings++)
            {
                var rarity = -Math.Log10(1 - random.NextDouble());
                if (device.MayOpen && rarity > device.Threshold(perWeek))
                {
                    alerts++;
                    device.AlertOpened();
                }

                device.Learn(device.LastTime + 1_000_000, 1, perWeek);
            }
        }

        var budget = falseAlarmsPerThousand / 10_000;
        Assert.InRange(alerts / (double)readings, 0.0005, Math.Min(budget, 0.05) * 1.1);
    }

    private static DeviceRow EverySecond(int readings)
    {
        var device = default(DeviceRow);
        for (var i = 0; i < readings; i++)
            device.Learn(i * 1_000_000L, 1, 1);
        return device;
    }
}
