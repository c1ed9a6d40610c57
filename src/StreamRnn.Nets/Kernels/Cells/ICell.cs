namespace StreamRnn.Nets.Kernels;

/// <summary>One kind of recurrent cell on vectors of units: what becomes of its sums in a step, and forward and back in training. Its equations and their names are in the layer's file.</summary>
internal unsafe interface ICell<TVector, TLanes>
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    /// <summary>S, sums of a unit: 4 or 1.</summary>
    static abstract int Sums { get; }

    /// <summary>Whether the first of four sums has no h in it and the last no x: then a quarter of the products need not be formed.</summary>
    static abstract bool IsSplit { get; }

    /// <summary>P, weights from c to the gates of a unit.</summary>
    static abstract int Peepholes { get; }

    /// <summary>A step of V units.</summary>
    /// <param name="sums">(S, V), the exponents' factors folded in as <see cref="CellSum.Factor"/> says.</param>
    /// <param name="peepholes">(P, V), likewise.</param>
    /// <param name="h">(V): overwritten.</param>
    /// <param name="c">(V): overwritten; not looked at by a cell without c.</param>
    static abstract void Step(float* sums, float* peepholes, float* h, float* c);

    /// <summary>A step of V units of the tape's row, at unit <paramref name="j"/>: from <see cref="TapeRow.Sums"/>, which what the way back needs overwrites, to h and c.</summary>
    static abstract void Forward(in TapeRow row, int j);

    /// <summary>The way back over it: from the gradients of h (and of c, or what is left of h's) to those of the sums and of the state before.</summary>
    static abstract void Backward(in TapeRow row, int j);
}

/// <summary>One sequence at one step of a chunk, as the cells' training functions see it. H is padded to whole cache lines.</summary>
internal unsafe struct TapeRow
{
    /// <summary>H, padded.</summary>
    public int Units;

    /// <summary>(S, H): the sums; after the way forward the gates and what else the cell remembers.</summary>
    public float* Sums;

    /// <summary>(H): h before the step.</summary>
    public float* Before;

    /// <summary>(H): h after it.</summary>
    public float* After;

    /// <summary>(H): c before the step.</summary>
    public float* CellsBefore;

    /// <summary>(H): c after it.</summary>
    public float* Cells;

    /// <summary>(H): tanh of c after it.</summary>
    public float* Tanhs;

    /// <summary>(P, H).</summary>
    public float* Peepholes;

    /// <summary>(P, H): added to.</summary>
    public float* PeepholeGradients;

    /// <summary>(H): ∂loss/∂h after the step.</summary>
    public float* Dh;

    /// <summary>(H): what goes from step to step beside the sums: ∂loss/∂c for a cell that has c, else the part of ∂loss/∂h that does not pass through the sums. Of after the step; overwritten by that of before.</summary>
    public float* Carried;

    /// <summary>(S, H): overwritten by ∂loss/∂sums.</summary>
    public float* DSums;
}
