namespace StreamRnn.Nets;

/// <summary>A cluster as it is now.</summary>
/// <param name="Id">From 1, in the order of founding; never given to another cluster.</param>
/// <param name="Members">Items, ascending.</param>
/// <param name="Centre">Mean of the members' latest embeddings.</param>
public sealed record Cluster(int Id, IReadOnlyList<int> Members, IReadOnlyList<float> Centre);

/// <summary>
/// Groups items that are near each other while their embeddings move, one at a time, with ids that stay: leader clustering with a radius (Hartigan 1975; DP-means, Kulis and Jordan 2012) and inertia.
/// An item joins the nearest centre within the radius, or founds a cluster. It leaves only when it has gone well beyond the radius or another centre has become much nearer: an item that
/// wavers on a border does not jump to and fro. Of two clusters that have come together, the younger is dissolved in the older.
/// </summary>
/// <param name="width">Floats of an embedding.</param>
/// <param name="radius">Above 0: how far from a centre is still alike.</param>
public sealed class OnlineClusters(int width, double radius)
{
    private const double LeaveBeyond = 1.25;   // radii from the own centre
    private const double MuchNearer = 0.6;     // of the distance to the own centre
    private const double Together = 0.5;       // radii between two centres

    private readonly SortedDictionary<int, Group> _groups = [];
    private readonly Dictionary<int, (int Id, float[] Embedding)> _items = [];
    private int _lastId;

    /// <summary>In the order of their ids.</summary>
    public IReadOnlyList<Cluster> Clusters => [.. _groups.Select(pair => new Cluster(pair.Key, [.. pair.Value.Members], [.. pair.Value.Centre()]))];

    /// <summary>The cluster of an item; 0 if it was never placed.</summary>
    public int Of(int item) => _items.TryGetValue(item, out var known) ? known.Id : 0;

    /// <summary>Distance from an item to its cluster's centre, as both are now.</summary>
    public double DistanceToCentre(int item) => _items.TryGetValue(item, out var known) ? Embeddings.Distance(known.Embedding, _groups[known.Id].Centre()) : double.NaN;

    /// <summary>Places an item, or places it anew where its embedding now is.</summary>
    /// <param name="embedding">(width), finite; copied.</param>
    /// <returns>The id of its cluster.</returns>
    public int Place(int item, ReadOnlySpan<float> embedding)
    {
        Shapes.Require(embedding.Length, nameof(embedding), width);
        var at = embedding.ToArray();
        if (Array.FindIndex(at, value => !float.IsFinite(value)) is >= 0 and var bad)
            throw new ArgumentException($"the embedding of item {item} has {at[bad]} at index {bad}; finite numbers were expected", nameof(embedding));
        var own = Leave(item);
        var (nearest, distance) = Nearest(at, 0);
        if (own is { } id && _groups.TryGetValue(id, out var group))
        {
            var toOwn = Embeddings.Distance(at, group.Centre());
            if (toOwn <= LeaveBeyond * radius && !(nearest != id && distance < MuchNearer * toOwn))
                nearest = id;
            else if (distance > radius)
                nearest = 0;
        }
        else if (distance > radius)
        {
            nearest = own ?? 0;               // alone in its cluster: that moves with it
        }

        if (nearest == 0)
            nearest = ++_lastId;
        Join(item, nearest, at);
        return Merge(nearest);
    }

    /// <summary>Forgets an item; an empty cluster ends, and its id with it.</summary>
    public void Remove(int item)
    {
        Leave(item);
        _items.Remove(item);
    }

    private int? Leave(int item)
    {
        if (!_items.TryGetValue(item, out var known))
            return null;
        var group = _groups[known.Id];
        group.Take(item, known.Embedding);
        if (group.Members.Count == 0)
            _groups.Remove(known.Id);
        return known.Id;
    }

    private void Join(int item, int id, float[] at)
    {
        if (!_groups.TryGetValue(id, out var group))
            _groups.Add(id, group = new Group(width));
        group.Add(item, at);
        _items[item] = (id, at);
    }

    private (int Id, double Distance) Nearest(float[] at, int butNot)
    {
        var best = (Id: 0, Distance: double.PositiveInfinity);
        foreach (var (id, group) in _groups)
        {
            if (id != butNot && Embeddings.Distance(at, group.Centre()) is var distance && distance < best.Distance)
                best = (id, distance);
        }

        return best;
    }

    /// <summary>Dissolves the younger of two clusters whose centres have come together.</summary>
    private int Merge(int id)
    {
        var (other, distance) = Nearest(_groups[id].Centre(), id);
        if (distance > Together * radius)
            return id;
        var (older, younger) = (Math.Min(id, other), Math.Max(id, other));
        var dissolved = _groups[younger];
        _groups.Remove(younger);
        foreach (var item in dissolved.Members)
            Join(item, older, _items[item].Embedding);
        return older;
    }

    private sealed class Group(int width)
    {
        private readonly double[] _sum = new double[width];
        private readonly float[] _centre = new float[width];

        public SortedSet<int> Members { get; } = [];

        public float[] Centre() => _centre;

        public void Add(int item, float[] at) => Change(at, 1, Members.Add(item));

        public void Take(int item, float[] at) => Change(at, -1, Members.Remove(item));

        private void Change(float[] at, int sign, bool changed)
        {
            for (var j = 0; changed && j < at.Length; j++)
            {
                _sum[j] += sign * (double)at[j];
                _centre[j] = (float)(_sum[j] / Math.Max(1, Members.Count));
            }
        }
    }
}
