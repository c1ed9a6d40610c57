namespace StreamRnn.Simulators;

/// <summary>Something that leaves a simulated device, or the ground truth about one.</summary>
/// <param name="Due">Simulated time at which it leaves; never decreases along a stream.</param>
/// <param name="Topic">MQTT topic.</param>
/// <param name="Payload">Bytes on the wire.</param>
/// <param name="Reading">What the payload tells, where it tells a reading.</param>
/// <param name="Label">Ground truth, where this is such.</param>
/// <param name="Edge">Whether the label starts or ends here.</param>
public sealed record Emission(
    DateTimeOffset Due, string Topic, byte[] Payload, SimulatedReading? Reading = null, Label? Label = null, LabelEdge Edge = LabelEdge.Start);
