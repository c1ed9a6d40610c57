using Microsoft.Extensions.Logging;

namespace StreamRnn.Storage;

/// <summary>Every line that this room writes to the log.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(1, LogLevel.Error, "Cannot write {File}: {Why}. Nothing is acknowledged meanwhile; trying again in {Delay}")]
    public static partial void CannotWrite(ILogger log, string file, string why, TimeSpan delay);

    [LoggerMessage(2, LogLevel.Information, "{File} can be written again")]
    public static partial void CanWrite(ILogger log, string file);

    [LoggerMessage(3, LogLevel.Warning, "The checkpoint is not used: {Why}. The journal reaches back to the first entry, so everything is folded again")]
    public static partial void FoldsAll(ILogger log, string why);

    [LoggerMessage(4, LogLevel.Error, "The state of the device {Device} is damaged ({Why}) and the journal does not reach back to its first reading: it is learned anew")]
    public static partial void LearnsAnew(ILogger log, string device, string why);

    [LoggerMessage(5, LogLevel.Warning, "{Count} devices were learned with another model: what is usual is kept, hidden states begin at zero")]
    public static partial void AnotherModel(ILogger log, int count);

    [LoggerMessage(6, LogLevel.Information, "Recovering: {Entries} of {All} entries folded")]
    public static partial void Recovering(ILogger log, long entries, long all);

    [LoggerMessage(7, LogLevel.Information, "Recovered {Devices} devices from {Folder}: checkpoint at entry {Checkpoint}, then {Entries} entries with {Readings} readings folded, in {Took:0.00} s")]
    public static partial void Recovered(ILogger log, int devices, string folder, long checkpoint, long entries, long readings, double took);

    [LoggerMessage(8, LogLevel.Warning, "The journal has {Bytes} bytes, more than Storage:MaxBytes, and recovery needs all of it until the next checkpoint")]
    public static partial void TooLarge(ILogger log, long bytes);

    [LoggerMessage(9, LogLevel.Error, "Closing the store: cannot write {File}: {Why}. The next start goes on from what is on the disk")]
    public static partial void CannotClose(ILogger log, string file, string why);
}
