using System.Runtime.CompilerServices;

namespace StreamRnn.Nets.Kernels;

/// <summary>A layer's cell at one vector width, behind virtual calls that are few and long.</summary>
internal abstract unsafe class CellKernel
{
    /// <summary>The layer ready to be stepped.</summary>
    public abstract RecurrentStep Prepare();

    /// <summary>One step of a chunk forward.</summary>
    /// <param name="batch">B.</param>
    /// <param name="row">The first sequence.</param>
    /// <param name="hRow">Floats from one sequence's h to the next one's; all else is dense.</param>
    public abstract void Forward(int batch, TapeRow row, nint hRow);

    /// <summary>One step of a chunk back.</summary>
    public abstract void Backward(int batch, TapeRow row, nint hRow);
}

internal sealed unsafe class CellKernel<TVector, TLanes, TCell>(RecurrentLayer layer) : CellKernel
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
    where TCell : struct, ICell<TVector, TLanes>
{
    public override RecurrentStep Prepare() => new BlockedStep<TVector, TLanes, TCell>(layer);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Forward(int batch, TapeRow row, nint hRow)
    {
        for (var b = 0; b < batch; b++)
        {
            for (var j = 0; j < row.Units; j += TLanes.Width)
                TCell.Forward(row, j);
            Next(ref row, hRow);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Backward(int batch, TapeRow row, nint hRow)
    {
        for (var b = 0; b < batch; b++)
        {
            for (var j = 0; j < row.Units; j += TLanes.Width)
                TCell.Backward(row, j);
            Next(ref row, hRow);
        }
    }

    private static void Next(ref TapeRow row, nint hRow)
    {
        row.Sums += TCell.Sums * row.Units;
        row.Before += hRow;
        row.After += hRow;
        row.CellsBefore += row.Units;
        row.Cells += row.Units;
        row.Tanhs += row.Units;
        row.Dh += row.Units;
        row.Carried += row.Units;
        row.DSums += TCell.Sums * row.Units;
    }
}
