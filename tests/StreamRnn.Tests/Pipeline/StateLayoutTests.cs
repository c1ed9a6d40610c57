using System.Reflection;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Pipeline;

/// <summary>Holds the saved states against the fields of which they are made: a field that is new, moved or gone must be looked at.</summary>
public sealed class StateLayoutTests
{
    private const BindingFlags Fields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    // Layout version → hash of the fields. A row is never changed: a new layout has a new version and a new row.
    private static readonly Dictionary<int, string> Recorded = new()
    {
        [1] = "a683f268db531478",                  // before readings had numbers: still read, see SeriesRow.BytesOfLayout1
        [2] = "ff6e34740d96d6ab",
    };

    // What is written field by field; rows are written as they lie in memory.
    private static readonly Type[] Rows = [typeof(SeriesRow), typeof(DeviceRow), typeof(AlertState), Inner<GroupForesight>("Member")];
    private static readonly Type[] Written =
    [
        typeof(AlertEvent), typeof(Contribution), typeof(Episode), typeof(KnownNormal), Inner<NormalBook>("Entry"), Inner<NormalBook>("Shadow"), Inner<AlertBook>("Entry"), Inner<WaitingRoom>("Waiting"), typeof(Sample),
    ];

    // Every field of what the fold writes to, and what becomes of it: saved, made again from what is saved (derived), work space of one entry, or given by the configuration.
    private static readonly Dictionary<Type, string> Known = new()
    {
        [typeof(Shard)] = """
            saved: _states _series _devices _silent _hushed _watch _book _normals _groups _now _heard _asked
            derived: _channels _options _deviceAt _changed _ahead _aheads _position _entry _commonPosition
            work: _foresight _batch _index _past _evidence _rarities _spoken
            given: _net _model _configured
            """,
        [typeof(AlertBook)] = "saved: _open _entries; derived: _opened; given: options model describe",
        [typeof(NormalBook)] = "saved: _entries; derived: _byId _order _expiring; work: _saved; given: rules",
        [typeof(SilenceWatch)] = "saved: _lookAt; derived: _queue",
        [typeof(GroupForesight)] = """
            saved: _states _members _slots _came _predicted
            derived: _devices _memberOf _columnOf
            work: _point _stepping _x _y _steps
            given: _model _net _columnByName Name
            """,
        [typeof(WaitingRoom)] = "saved: _byArrival; derived: _lines _gone Count; work: _spare _out; given: _lateness",
        [typeof(StateBank)] = "saved: _memory; derived: Rows; work: _marks _disposed; given: Width Stride",
        [typeof(Detector)] = "saved: Shards; derived: _copying _slot _telling _toldSlot; work: _batches _parts; given: _registry",
    };

    public static TheoryData<Type> Owners => [.. Known.Keys];

    [Fact]
    public void ALayoutThatChangesHasAnotherVersion()
    {
        var found = Hash(Rows, Written);
        Assert.True(
            Recorded.TryGetValue(StateWriter.Layout, out var recorded) && recorded == found,
            $"The fields of the saved states have the hash {found}; recorded for layout {StateWriter.Layout} is {recorded}. A state saved before would be misread: see that new fields of classes are saved and "
            + $"restored (*.State.cs), raise StateWriter.Layout to {StateWriter.Layout + 1} and record [{StateWriter.Layout + 1}] = \"{found}\".");
    }

    [Fact]
    public void TheHashSeesAFieldThatIsRenamedMovedOrOfAnotherType() =>
        Assert.Equal(5, new[] { typeof(One), typeof(Renamed), typeof(Moved), typeof(Other), typeof(Longer) }.Select(type => Hash([type], []).Replace(type.Name, "", StringComparison.Ordinal)).Distinct().Count());

    [Theory, MemberData(nameof(Owners))]
    public void EveryFieldThatTheFoldWritesIsSavedOrNeedNotBe(Type owner)
    {
        var known = Known[owner].Split([' ', ';', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).Where(word => !word.EndsWith(':')).ToList();
        var found = FieldsOf(owner).Select(Name).ToList();
        Assert.True(!found.Except(known).Any(), $"{owner.Name}.{string.Join(", ", found.Except(known))}: decide whether a restored detector needs it, save it if so, and name it here");
        Assert.Empty(known.Except(found));
    }

    private static string Hash(IEnumerable<Type> rows, IEnumerable<Type> written)
    {
        var text = new StringBuilder();
        foreach (var type in rows)
            Describe(type, text, deep: true);
        foreach (var type in written)
            Describe(type, text, deep: false);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 8));
    }

    private static void Describe(Type type, StringBuilder text, bool deep)
    {
        text.Append('{');
        if (deep)
            text.Append(typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)).Append(' ').Append(type.GetCustomAttribute<InlineArrayAttribute>()?.Length);
        foreach (var field in FieldsOf(type))
        {
            text.Append(Name(field)).Append(':').Append(field.FieldType).Append(';');
            var inner = field.FieldType;
            if (inner.IsEnum)
                text.AppendJoin(',', Enum.GetValues(inner).Cast<object>().Select(value => $"{value}={(int)value}"));
            else if (deep && inner.IsValueType && !inner.IsPrimitive)
                Describe(inner, text, deep: true);
        }

        text.Append('}');
    }

    private static IEnumerable<FieldInfo> FieldsOf(Type type) => type.GetFields(Fields).OrderBy(f => f.MetadataToken);

    // <Count>k__BackingField of a property, <rules>P of a primary constructor.
    private static string Name(FieldInfo field) => field.Name[0] == '<' ? field.Name[1..field.Name.IndexOf('>')] : field.Name;

    private static Type Inner<T>(string name) => typeof(T).GetNestedType(name, BindingFlags.NonPublic) ?? throw new InvalidOperationException($"{typeof(T)} has no {name}");

#pragma warning disable CS0649, CS0169 // they are only looked at
    private struct One { public int A; public float B; }

    private struct Renamed { public int A; public float C; }

    private struct Moved { public float B; public int A; }

    private struct Other { public int A; public int B; }

    private struct Longer { public int A; public float B; public byte C; }
#pragma warning restore CS0649, CS0169
}
