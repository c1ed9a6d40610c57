using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <summary>
/// One shard's devices of one group, and the predictions of the group's net for them: a row of the state bank for each device.
/// <para>
/// The net was trained on rows of all channels; devices send whole rows or channel by channel. A row of a device is over when one of its channels comes again: then, before the value that came
/// is looked at, the net is stepped once with the last value of every channel, and what it predicts holds until the row after is over. So a row sent in pieces is predicted as one
/// sent whole, and a channel that did not come carries its last value. Until every column has come once there is no prediction.
/// </para>
/// </summary>
internal sealed partial class GroupForesight : IDisposable
{
    /// <summary>Values further than this from the normaliser's shift, in its scale, are taken as that: absurd, but a net's sums stay finite.</summary>
    private const double Farthest = 1e4;

    private readonly NetModel _model;
    private readonly NetStep _net;
    private readonly StateBank _states;
    private readonly Dictionary<string, int> _columnByName;
    private readonly float[] _point;
    private readonly List<Device> _devices = [];     // by member
    private readonly Rows<Member> _members = new();
    private int[] _memberOf = [];                    // by device slot: member + 1; 0 where the device is not known
    private int[] _columnOf = [];                    // by series slot: column + 1; 0 not looked up, −1 no column of the model
    private int[] _slots = [];                       // (members, D): series slot + 1; 0 until the column has come
    private bool[] _came = [];                       // (members, D): came in the row that is not over
    private double[] _predicted = [];                // (members, D): NaN where there is none
    private int[] _stepping = [];                    // (n)
    private float[] _x = [], _y = [];                // (n, D), (n, W)
    private int _steps;

    public GroupForesight(NetModel model)
    {
        if (!model.PredictsRows)
            throw new ArgumentException($"model '{model.Id}' does not predict the next row of its own columns ({string.Join(", ", model.Columns)})", nameof(model));
        _model = model;
        _net = model.Net.Prepare();
        _states = model.Net.CreateBank();
        _columnByName = model.Columns.Select((name, c) => (name, c)).ToDictionary(x => x.name, x => x.c, StringComparer.Ordinal);
        _point = new float[model.Columns.Length];
        Name = new ModelName(model.Id, model.Version);
    }

    public ModelName Name { get; }

    private int Width => _point.Length;

    /// <summary>Whether the net's predictions are in use for this device.</summary>
    public bool Predicts(Device device) => MemberOf(device) is >= 0 and var m && !double.IsNaN(_predicted[m * Width]);

    /// <summary>The net's prediction for the channel's next value, in its unit; NaN where there is none.</summary>
    public double PredictionOf(Channel channel) =>
        MemberOf(channel.Device) is >= 0 and var m && ColumnOf(channel) is >= 0 and var c ? _predicted[(m * Width) + c] : double.NaN;

    /// <summary>State of a device's sequence, for tests and checkpoints; empty before its first reading.</summary>
    public ReadOnlySpan<float> StateOf(Device device) => MemberOf(device) is >= 0 and var m ? _states.Row(m) : [];

    /// <summary>The column of a channel, or −1.</summary>
    public int ColumnOf(Channel channel)
    {
        if (channel.Slot >= _columnOf.Length)
            Array.Resize(ref _columnOf, Math.Max(channel.Slot + 1, 2 * _columnOf.Length));
        ref var column = ref _columnOf[channel.Slot];
        if (column == 0)
            column = _columnByName.TryGetValue(channel.Name, out var c) ? c + 1 : -1;
        return column > 0 ? column - 1 : -1;
    }

    /// <summary>Notes that a channel has come, its value being in the series' row. Writes.</summary>
    public void Came(Channel channel)
    {
        var m = MemberOf(channel.Device);
        if (m < 0)
            m = Join(channel.Device);
        if (ColumnOf(channel) is not (>= 0 and var column))
            return;
        _came[(m * Width) + column] = true;
        ref var slot = ref _slots[(m * Width) + column];
        if (slot == 0)
            _members[m].Columns++;
        slot = channel.Slot + 1;
    }

    /// <summary>A channel of the device has come that is about to be judged. If with it a row is over, the device is stepped by <see cref="Step"/>.</summary>
    /// <returns>Whether a row is over.</returns>
    public bool Begins(Channel channel)
    {
        if (MemberOf(channel.Device) is not (>= 0 and var m))
            return false;
        // A device none of whose channels is a column has no rows, but must be told of: each of its readings counts as one.
        return ColumnOf(channel) is >= 0 and var column ? _came[(m * Width) + column] : _members[m].Columns == 0;
    }

    /// <summary>The device's row is over: closes it and, if every column has come, notes its values for <see cref="Step"/>.</summary>
    public void Look(Device device, Rows<SeriesRow> series, Outcome outcome)
    {
        var m = MemberOf(device);
        ref var member = ref _members[m];
        _came.AsSpan(m * Width, Width).Clear();
        member.Rows = Math.Min(member.Rows + 1, 3);
        var whole = member.Columns == Width;
        if (whole)
        {
            if (_steps == _stepping.Length)
            {
                var size = Math.Max(16, 2 * _steps);
                Array.Resize(ref _stepping, size);
                Array.Resize(ref _x, size * Width);
                _y = new float[size * _net.Outputs];
            }

            for (var c = 0; c < Width; c++)
            {
                var value = series[_slots[(m * Width) + c] - 1].Last;
                _x[(_steps * Width) + c] = (float)Math.Clamp(_model.Normaliser.Apply(c, value), -Farthest, Farthest);
            }

            _stepping[_steps++] = m;
        }

        // The first row may be a device's first channel sent twice; by the end of the second a channel that is missing is missing.
        if (whole ? member.Waits || member.Rows == 2 : member.Rows == 2)
        {
            outcome.Notices.Add(new ModelNotice(device, Name, whole ? ModelNews.Predicts : ModelNews.Waits, MissingOf(m), StrangersOf(device, series)));
            member.Waits = !whole;
        }
    }

    /// <summary>Steps the net for all devices that were noted since the last call.</summary>
    /// <param name="outcome">Is told once of a device for which something was predicted that is not finite: its sequence begins anew, and until it predicts again the base model does.</param>
    public void Step(Outcome outcome)
    {
        if (_steps == 0)
            return;
        var outputs = _net.Outputs;
        _net.Step(_states, _stepping.AsSpan(0, _steps), _x.AsSpan(0, _steps * Width), _y.AsSpan(0, _steps * outputs));
        for (var n = 0; n < _steps; n++)
        {
            var m = _stepping[n];
            _model.Net.Output!.Loss.Point(_y.AsSpan(n * outputs, outputs), _point);
            var predicted = _predicted.AsSpan(m * Width, Width);
            var finite = true;
            for (var c = 0; c < Width; c++)
            {
                predicted[c] = _model.Normaliser.Invert(c, _point[c]);
                finite &= double.IsFinite(predicted[c]);
            }

            if (finite)
                continue;
            predicted.Fill(double.NaN);
            _states.Clear(m);
            if (!_members[m].Failed)
                outcome.Notices.Add(new ModelNotice(_devices[m], Name, ModelNews.Fails, [], []));
            _members[m].Failed = true;
        }

        _steps = 0;
    }

    public void Dispose()
    {
        _net.Dispose();
        _states.Dispose();
    }

    private int MemberOf(Device device) => device.Slot < _memberOf.Length ? _memberOf[device.Slot] - 1 : -1;

    private List<string> MissingOf(int member) => [.. _model.Columns.Where((_, c) => _slots[(member * Width) + c] == 0)];

    // Of those that have spoken: a name alone changes nothing.
    private List<string> StrangersOf(Device device, Rows<SeriesRow> series) =>
        [.. device.Channels.Where(channel => channel.Slot < series.Capacity && series[channel.Slot].Count > 0 && ColumnOf(channel) < 0).Select(channel => channel.Name)];

    private int Join(Device device)
    {
        var m = _devices.Count;
        _devices.Add(device);
        if (device.Slot >= _memberOf.Length)
            Array.Resize(ref _memberOf, Math.Max(device.Slot + 1, 2 * _memberOf.Length));
        _memberOf[device.Slot] = m + 1;
        if ((m + 1) * Width > _slots.Length)
        {
            var size = Math.Max(16, 2 * m) * Width;
            Array.Resize(ref _slots, size);
            Array.Resize(ref _came, size);
            Array.Resize(ref _predicted, size);
        }

        _predicted.AsSpan(m * Width, Width).Fill(double.NaN);
        _members.EnsureSlot(m);
        _states.EnsureRows(m + 1);
        return m;
    }

    private struct Member
    {
        public int Columns;          // columns that have come
        public int Rows;             // rows that are over, up to 3
        public bool Waits;           // was told to lack a column
        public bool Failed;          // was told to have been predicted something that is not finite
    }
}
