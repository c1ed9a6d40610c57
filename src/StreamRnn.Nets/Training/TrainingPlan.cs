namespace StreamRnn.Nets.Training;

/// <summary>How a net is trained. One plan, one set of data and one seed give the same weights, bit for bit, on one machine, however many cores it has.</summary>
public sealed record TrainingPlan
{
    /// <summary>B: sequences, or pieces of long ones, that are learned side by side. 1 to 4096.</summary>
    public int Lanes { get; init; } = 32;

    /// <summary>T: steps of truncated back-propagation; the state is carried from chunk to chunk. 1 to 4096.</summary>
    public int Chunk { get; init; } = 64;

    /// <summary>Times that all rows are learned, at most. 1 or more.</summary>
    public int Epochs { get; init; } = 100;

    /// <summary>One of <see cref="Optimiser.Names"/>.</summary>
    public string Optimiser { get; init; } = "adam";

    /// <summary>The highest rate of a cosine schedule, above 0.</summary>
    public double LearningRate { get; init; } = 3e-3;

    /// <summary>The rate at the end, as a share of the highest.</summary>
    public double LastShare { get; init; } = 0.02;

    /// <summary>Gradients are scaled down to this norm, above 0.</summary>
    public double MaxNorm { get; init; } = 1;

    /// <summary>Epochs without a better held-out loss before training stops, 1 or more.</summary>
    public int Patience { get; init; } = 12;

    public ulong Seed { get; init; } = 1;
}

/// <summary>How far training is.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Done">Share of this epoch's rows, 0..1.</param>
/// <param name="Rows">Rows learned since the beginning.</param>
/// <param name="Loss">Mean loss of a row in this epoch so far.</param>
/// <param name="HeldOut">Mean loss of a held-out row after the last full epoch; NaN before.</param>
/// <param name="Best">The best of those; NaN before.</param>
/// <param name="LearningRate">Of the last step.</param>
public readonly record struct TrainingReport(int Epoch, int Epochs, double Done, long Rows, double Loss, double HeldOut, double Best, double LearningRate);

/// <summary>Why training ended.</summary>
public enum TrainingEnd
{
    /// <summary>All epochs are done, or the time that the caller gave is spent.</summary>
    Finished,

    /// <summary>The held-out loss has not improved for as many epochs as the plan is patient.</summary>
    NoBetter,

    /// <summary>The caller asked to stop.</summary>
    Cancelled,
}

/// <param name="Epochs">Epochs begun.</param>
/// <param name="HeldOut">Mean loss of a held-out row with the weights that the net has now; of a training row where nothing is held out.</param>
public sealed record TrainingResult(TrainingEnd End, int Epochs, long Rows, double HeldOut);

/// <summary>Training went astray: a loss or a gradient is not finite. The net has the best weights that it had before.</summary>
public sealed class DivergedException(string message) : Exception(message);
