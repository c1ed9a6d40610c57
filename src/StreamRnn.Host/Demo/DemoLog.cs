using Microsoft.Extensions.Logging;

namespace StreamRnn.Host.Demo;

/// <summary>Warnings and worse of the service go among the demo's lines: a demo that hides its troubles shows nothing.</summary>
internal sealed class DemoLog(Action<string> say) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            say($"{logLevel}: {formatter(state, exception)}{(exception is null ? "" : $" ({exception.Message})")}");
    }

    public void Dispose()
    {
    }
}
