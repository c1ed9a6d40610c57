using StreamRnn.Nets;
using StreamRnn.Nets.Kernels;

namespace StreamRnn.Tests.Nets;

/// <summary>The recurrent layer types there are, found by enumeration, and layers of them in which no weight is zero.</summary>
internal static class Cells
{
    public static IReadOnlyList<string> All { get; } =
        [.. LayerKind.All.Where(kind => kind.Build(new LayerSpec(kind.Type) { Units = 1 }, "layer", 1, null) is RecurrentLayer).Select(kind => kind.Type)];

    public static TheoryData<string> Data => [.. All];

    public static TheoryData<string, string> WithKernels
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var cell in All)
                foreach (var kernel in StepKernels.All)
                    data.Add(cell, kernel.Name);
            return data;
        }
    }

    public static RecurrentLayer Create(string type, int inputs, int units, Seeded seeded)
    {
        var layer = (RecurrentLayer)LayerKind.Of(type).Build(new LayerSpec(type) { Units = units }, "layer", inputs, seeded);
        foreach (var parameter in layer.Parameters.Where(parameter => parameter != layer.W && parameter != layer.U))
            foreach (ref var value in parameter.Values.AsSpan())
                value += (float)(0.3 * seeded.NextNormal());
        return layer;
    }

    public static RecurrentStep Prepare(string type, int inputs, int units, Seeded seeded, string kernel) => Create(type, inputs, units, seeded).Prepare(StepKernels.Choose(kernel));
}
