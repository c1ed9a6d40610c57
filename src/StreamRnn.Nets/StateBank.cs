using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StreamRnn.Nets.Kernels;

namespace StreamRnn.Nets;

/// <summary>
/// The recurrent states of many sequences, outside the net: one row per sequence, <c>[h | c]</c> contiguous, float32, in native memory. A row starts on a cache line (64 bytes) and is padded to
/// whole lines; the padding stays zero. Rows of sequences that were never stepped are zero. A bank belongs to one thread at a time.
/// </summary>
/// <remarks>A row is also what a checkpoint keeps of a sequence: nothing else of the net's state exists.</remarks>
public sealed unsafe class StateBank : IDisposable
{
    private NativeFloats _memory;
    private ulong[] _marks = [];
    private bool _disposed;

    /// <summary>An empty bank for rows of <paramref name="width"/> floats.</summary>
    /// <param name="width">Floats in a row, 1 or more; for an LSTM of H units 2·H, see <see cref="ForLstm"/>.</param>
    /// <param name="rows">Rows to begin with.</param>
    public StateBank(int width, int rows = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        Width = width;
        Stride = NativeFloats.Padded(width);
        _memory = new NativeFloats(0);
        EnsureRows(rows);
    }

    /// <summary>A bank for an LSTM of <paramref name="units"/> units: rows of 2·H floats, h first.</summary>
    public static StateBank ForLstm(int units, int rows = 0) => new(checked(2 * units), rows);

    /// <summary>Floats in a row that carry state.</summary>
    public int Width { get; }

    /// <summary>Floats from the start of one row to the start of the next: <see cref="Width"/> rounded up to 16.</summary>
    public int Stride { get; }

    /// <summary>Rows that exist. Only grows.</summary>
    public int Rows { get; private set; }

    /// <summary>Bytes of native memory held.</summary>
    public long Bytes => (long)_memory.Length * sizeof(float);

    internal float* Start => _memory.Start;

    /// <summary>
    /// Makes sure that rows 0 to <paramref name="rows"/> − 1 exist. Rows that existed keep their bits, new ones are zero. Spans taken before are no longer valid when the bank grows.
    /// </summary>
    public void EnsureRows(int rows)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (rows <= Rows)
            return;
        if ((nint)rows * Stride > _memory.Length)
        {
            var capacity = Math.Max((long)rows, Math.Min(Rows * 2L, Rows + (64L << 20) / Stride));
            var grown = new NativeFloats(checked((nint)(capacity * Stride)));
            NativeMemory.Copy(_memory.Start, grown.Start, (nuint)((long)Rows * Stride * sizeof(float)));
            _memory.Dispose();
            _memory = grown;
            Array.Resize(ref _marks, (int)((capacity + 63) / 64));
        }

        Rows = rows;
    }

    /// <summary>The state of sequence <paramref name="row"/>, <c>[h | c]</c>, (Width). Valid until the bank grows or is disposed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such row.</exception>
    public Span<float> Row(int row) => new(At(row), Width);

    /// <summary>Copies a state in, bit for bit; <paramref name="state"/> is (Width).</summary>
    /// <exception cref="ArgumentException">The length is not the bank's width: the state of another net.</exception>
    public void Set(int row, ReadOnlySpan<float> state)
    {
        if (state.Length != Width)
            throw new ArgumentException($"a state of {state.Length} floats was given for row {row}; this bank's rows have {Width}: it is the state of another net", nameof(state));
        state.CopyTo(Row(row));
    }

    /// <summary>Copies one sequence's state over another's, bit for bit.</summary>
    public void Copy(int from, int to) => Row(from).CopyTo(Row(to));

    /// <summary>Sets a row to zero: the state of a sequence that has not begun.</summary>
    public void Clear(int row) => Row(row).Clear();

    /// <summary>Frees the memory. Spans taken from the bank are no longer valid.</summary>
    public void Dispose()
    {
        _disposed = true;
        Rows = 0;
        _memory.Dispose();
    }

    internal float* At(int row)
    {
        if ((uint)row >= (uint)Rows)
            ThrowNoSuchRow(row);
        return _memory.Start + (nint)row * Stride;
    }

    /// <summary>Refuses rows that do not exist and rows named twice (the second step would read a state that the first is about to replace), before anything is written.</summary>
    internal void Check(ReadOnlySpan<int> rows)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Ascend(rows))
            return;
        var marks = _marks;
        var seen = 0;
        foreach (var row in rows)
        {
            if ((uint)row >= (uint)Rows || (marks[row >> 6] & (1UL << row)) != 0)
                break;
            marks[row >> 6] |= 1UL << row;
            seen++;
        }

        foreach (var row in rows[..seen])
            marks[row >> 6] = 0;
        if (seen < rows.Length)
            ThrowRow(rows, seen);
    }

    /// <summary>Whether every row exists and is higher than the one before, as most batches are: then none comes twice.</summary>
    private bool Ascend(ReadOnlySpan<int> rows)
    {
        var last = -1;
        foreach (var row in rows)
        {
            if (row <= last)
                return false;
            last = row;
        }

        return last < Rows;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ThrowNoSuchRow(int row) =>
        throw new ArgumentOutOfRangeException(nameof(row), row, $"the bank has {Rows} rows; call EnsureRows first");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ThrowRow(ReadOnlySpan<int> rows, int position)
    {
        var row = rows[position];
        if ((uint)row >= (uint)Rows)
            throw new ArgumentOutOfRangeException(nameof(rows), row, $"row {row} at position {position} of the batch does not exist: the bank has {Rows} rows; call EnsureRows first");
        throw new ArgumentException(
            $"row {row} is in the batch twice, the second time at position {position}: a batch steps a sequence once; put the second step into the next batch", nameof(rows));
    }
}
