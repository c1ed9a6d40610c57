namespace StreamRnn.Detection;

/// <summary>
/// A growing table of rows that never moves them: what is learned of each series or device, in blocks of 1,024, so that growth copies nothing and a
/// <c>ref</c> stays good. A row that was never written is all zero, which is the state of one that has seen nothing.
/// </summary>
public sealed class Rows<T>
    where T : unmanaged
{
    private const int Shift = 10;
    private T[][] _blocks = [];

    public int Capacity => _blocks.Length << Shift;

    public ref T this[int slot] => ref _blocks[slot >> Shift][slot & ((1 << Shift) - 1)];

    public void EnsureSlot(int slot)
    {
        if (slot < Capacity)
            return;
        var blocks = new T[(slot >> Shift) + 1][];
        _blocks.CopyTo(blocks, 0);
        for (var i = _blocks.Length; i < blocks.Length; i++)
            blocks[i] = new T[1 << Shift];
        _blocks = blocks;
    }
}
