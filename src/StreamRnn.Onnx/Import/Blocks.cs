namespace StreamRnn.Onnx.Import;

/// <summary>The operators that move numbers about, on numbers that stand in the file. Axes are counted from 0; a negative one has been resolved before.</summary>
internal static class Blocks
{
    /// <summary>More than any net's weights: a small file that asks for more is not a net.</summary>
    private const long MostItems = 1 << 27;

    public static Block<T> Transpose<T>(Block<T> block, IReadOnlyList<int> order)
    {
        var dims = order.Select(axis => block.Dims[axis]).ToArray();
        var strides = Strides(block.Dims);
        return Gathered(block, dims, [.. order.Select(axis => strides[axis])], 0);
    }

    /// <param name="dims">Their product is the number of items.</param>
    public static Block<T> Reshape<T>(Block<T> block, IReadOnlyList<int> dims) => Count(dims) == block.Items.Length
        ? new Block<T>(dims, block.Items)
        : throw new OnnxException($"{block.Items.Length} numbers of the shape ({string.Join(", ", block.Dims)}) cannot have the shape ({string.Join(", ", dims)})");

    public static Block<T> Slice<T>(Block<T> block, int axis, long start, long end, long step)
    {
        var size = block.Dims[axis];
        if (step < 1)
            throw new OnnxException($"a slice has the step {step}; supported are steps of 1 and more");
        start = Math.Clamp(start < 0 ? start + size : start, 0, size);
        end = Math.Clamp(end < 0 ? Math.Max(end, -size) + size : end, start, size);
        var dims = block.Dims.ToArray();
        dims[axis] = (int)((end - start + step - 1) / step);
        var strides = Strides(block.Dims);
        var first = start * strides[axis];
        strides[axis] *= step;
        return Gathered(block, dims, strides, first);
    }

    /// <param name="places">Along the axis.</param>
    /// <param name="shape">Of the places: takes the axis' place among the dims.</param>
    public static Block<T> Gather<T>(Block<T> block, int axis, IReadOnlyList<long> places, IReadOnlyList<int> shape)
    {
        var size = block.Dims[axis];
        foreach (var place in places)
            if (place < -size || place >= size)
                throw new OnnxException($"place {place} is asked for along an axis of {size}");
        var (outer, inner) = (Count(block.Dims.Take(axis)), Count(block.Dims.Skip(axis + 1)));
        var dims = block.Dims.Take(axis).Concat(shape).Concat(block.Dims.Skip(axis + 1)).ToArray();
        var items = new T[Count(dims)];
        var at = 0;
        for (var o = 0; o < outer; o++)
            foreach (var place in places)
            {
                Array.Copy(block.Items, ((o * size) + (place < 0 ? place + size : place)) * inner, items, at, inner);
                at += (int)inner;
            }

        return new Block<T>(dims, items);
    }

    public static Block<T> Concat<T>(IReadOnlyList<Block<T>> blocks, int axis)
    {
        var first = blocks[0].Dims;
        foreach (var block in blocks)
            if (block.Dims.Count != first.Count || block.Dims.Where((size, a) => a != axis && size != first[a]).Any())
                throw new OnnxException($"shapes that do not fit are laid together: ({string.Join(", ", first)}) and ({string.Join(", ", block.Dims)}) along axis {axis}");
        var dims = first.ToArray();
        dims[axis] = (int)Math.Min(int.MaxValue, blocks.Sum(block => (long)block.Dims[axis])); // Count refuses what is too long
        var outer = Count(first.Take(axis));
        var items = new T[Count(dims)];
        var at = 0;
        for (var o = 0; o < outer; o++)
            foreach (var block in blocks)
            {
                var length = (int)(block.Items.Length / outer);
                Array.Copy(block.Items, o * length, items, at, length);
                at += length;
            }

        return new Block<T>(dims, items);
    }

    public static long Count(IEnumerable<int> dims)
    {
        var count = 1L;
        foreach (var size in dims)
            if ((count *= size) > MostItems)
                throw new OnnxException($"a shape asks for more than {MostItems} numbers");
        return count;
    }

    private static long[] Strides(IReadOnlyList<int> dims)
    {
        var strides = new long[dims.Count];
        var stride = 1L;
        for (var axis = dims.Count - 1; axis >= 0; stride *= dims[axis], axis--)
            strides[axis] = stride;
        return strides;
    }

    private static Block<T> Gathered<T>(Block<T> block, int[] dims, long[] strides, long first)
    {
        var items = new T[Count(dims)];
        var index = new int[dims.Length];
        for (var n = 0; n < items.Length; n++)
        {
            var at = first;
            for (var axis = 0; axis < dims.Length; axis++)
                at += index[axis] * strides[axis];
            items[n] = block.Items[at];
            for (var axis = dims.Length - 1; axis >= 0 && ++index[axis] == dims[axis]; axis--)
                index[axis] = 0;
        }

        return new Block<T>(dims, items);
    }
}
