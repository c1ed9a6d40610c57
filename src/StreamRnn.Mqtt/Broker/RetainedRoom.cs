namespace StreamRnn.Mqtt;

/// <summary>How much the embedded broker keeps in retained messages: 100,000 topics, 256 MB together. Safe for several threads.</summary>
internal sealed class RetainedRoom(int maxTopics = 100_000, long maxBytes = 256L << 20)
{
    public const string Full = "the room for retained messages is full; clear some (an empty retained message on the topic)";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _bytes = new(StringComparer.Ordinal);
    private long _sum;

    /// <param name="bytes">Of the payload; 0 clears the topic.</param>
    public bool TryKeep(string topic, long bytes)
    {
        lock (_lock)
        {
            var before = _bytes.GetValueOrDefault(topic);
            if (bytes == 0)
            {
                _bytes.Remove(topic);
                _sum -= before;
                return true;
            }

            if (_sum - before + bytes > maxBytes || (_bytes.Count >= maxTopics && !_bytes.ContainsKey(topic)))
                return false;
            _bytes[topic] = bytes;
            _sum += bytes - before;
            return true;
        }
    }
}
