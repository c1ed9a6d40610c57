namespace StreamRnn.Host.Forecasting;

/// <param name="Path">The series.</param>
/// <param name="Steps">Rows ahead.</param>
/// <param name="Model">A model file; null to train a net on the series itself.</param>
/// <param name="Training">How long, where there is no model.</param>
/// <param name="Paths">Futures drawn.</param>
/// <param name="Picture">A PNG to draw; null for none.</param>
internal sealed record ForecastRequest(string Path, int Steps, string? Model, TimeSpan Training, int Paths, string? Picture, bool Json, ulong Seed);
