using System.Buffers;
using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <content>What waits, as bytes. To be saved when a pass over the devices begins, together with <see cref="Detector.SaveCommon"/>: of the same position.</content>
public sealed partial class WaitingRoom
{
    /// <param name="idOf">A number for each channel, that <see cref="Restore"/> is to understand.</param>
    public void Save(IBufferWriter<byte> output, Func<Channel, long> idOf)
    {
        var to = new StateWriter();
        to.Begin(StateKind.Room);
        to.Put(_byArrival.Count - _gone);
        foreach (var waiting in _byArrival)
        {
            if (waiting.Gone)
                continue;
            to.Put(waiting.Arrived);
            to.Put(waiting.Time);
            to.Put(waiting.Sequence);
            to.Put(waiting.Length);
            foreach (var sample in waiting.Samples)
            {
                to.Put(idOf(sample.Channel));
                to.Put(sample.Value);
            }
        }

        to.End();
        output.Write(to.Bytes);
    }

    /// <summary>Takes in what waited, in a room where nobody waits. It goes on as it would have, or sooner or later where this room's lateness is another.</summary>
    /// <param name="channelOf">The channel of a number that <see cref="Save"/> was given; null: there is none.</param>
    /// <exception cref="SnapshotException">The bytes are damaged, of another layout, or name a channel that is not there.</exception>
    /// <exception cref="InvalidOperationException">Somebody waits.</exception>
    public void Restore(ReadOnlySpan<byte> state, Func<long, Channel?> channelOf)
    {
        if (Count > 0)
            throw new InvalidOperationException($"{Count} samples wait; what waited is restored before the first entry");
        var from = new StateReader(state, StateKind.Room, "the saved state of the readings that wait for their order");
        var readings = new List<(Instant Arrived, Sample[] Samples)>();
        for (var n = from.GetCount(2 * sizeof(long)); n > 0; n--)
        {
            var (arrived, time) = (from.Get<Instant>(), from.Get<Instant>());
            var sequence = from.Layout == 1 ? Sample.Unnumbered : from.Get<long>();
            var samples = new Sample[from.GetCount(2 * sizeof(long))];
            for (var k = 0; k < samples.Length; k++)
            {
                var id = from.Get<long>();
                samples[k] = new Sample(channelOf(id) ?? throw from.Fault($"names channel {id}, which is not known"), time, from.Get<double>(), sequence);
            }

            if (samples.Length == 0 || Array.Exists(samples, s => s.Channel.Device != samples[0].Channel.Device))
                throw from.Fault($"has a reading of {samples.Length} samples that is not of one device");
            readings.Add((arrived, samples));
        }

        from.End();
        // By arrival, as they came: so those of one time stay in their order.
        foreach (var (arrived, samples) in readings)
            Insert(samples, arrived);
    }
}
