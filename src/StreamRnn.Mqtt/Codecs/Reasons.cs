namespace StreamRnn.Mqtt;

/// <summary>Why a payload could not be used: the words of <see cref="Readings.DecodeFailure.Reason"/>, fit for a metric's label.</summary>
public static class Reasons
{
    /// <summary>The topic fits no source.</summary>
    public const string TopicMismatch = "topic_mismatch";

    /// <summary>The payload has no bytes, or only white space.</summary>
    public const string Empty = "empty";

    /// <summary>More bytes than <see cref="IngestOptions.MaxPayloadBytes"/>; not read at all.</summary>
    public const string TooLarge = "too_large";

    public const string NotJson = "not_json";

    /// <summary>JSON nested more than <see cref="JsonCodec.DeepestNesting"/> levels.</summary>
    public const string TooDeep = "too_deep";

    /// <summary>JSON, but neither an object nor an array of objects, nor a bare value on a channel's topic.</summary>
    public const string WrongShape = "wrong_shape";

    public const string NotANumber = "not_a_number";

    /// <summary>NaN, an infinity, or a number beyond the range of a double such as 1e400.</summary>
    public const string NotFinite = "not_finite";

    /// <summary>A device's or channel's name is empty, too long, or has control characters, lone surrogates, or one of + # /.</summary>
    public const string BadName = "bad_name";

    /// <summary>The member that should hold the time is missing or is no time.</summary>
    public const string BadTime = "bad_time";

    /// <summary>The member that should number the reading is missing or holds no whole number of 0 or more.</summary>
    public const string BadSequence = "bad_sequence";

    /// <summary>A time before 2000-01-01 or more than <see cref="IngestOptions.MaxClockSkew"/> ahead of ours.</summary>
    public const string TimeOutOfRange = "time_out_of_range";

    /// <summary>Something below <c>{root}/cmd/</c> that is no command, or a command that is retained or wants its answer where no answer may go.</summary>
    public const string BadCommand = "bad_command";

    public const string TooManyDevices = "too_many_devices";

    public const string TooManyChannels = "too_many_channels";
}
