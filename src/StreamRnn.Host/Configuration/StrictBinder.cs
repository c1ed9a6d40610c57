using System.Collections;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using StreamRnn.Simulators;

namespace StreamRnn.Host.Configuration;

/// <summary>
/// Binds a section of the configuration to an options record and accepts nothing that it does not understand: an unknown key or a value of the wrong
/// kind is a problem that names the key, the value found, where it was found and what is allowed. All problems are gathered, so that one look mends
/// them all. Ranges are each record's own matter, see <see cref="Settings"/>.
/// </summary>
internal sealed class StrictBinder(IConfigurationRoot root)
{
    private static readonly string[] SecretWords = ["pass", "pwd", "secret", "token", "hash", "user", "credential"];

    private readonly List<string> _problems = [];

    public IReadOnlyList<string> Problems => _problems;

    /// <returns>The options; where there are problems, with the defaults in their places.</returns>
    public T Bind<T>(string path) where T : class => (T)Record(typeof(T), root.GetSection(path));

    private object Record(Type type, IConfigurationSection section)
    {
        var options = New(type);
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite).ToArray();
        if (!string.IsNullOrEmpty(section.Value))
            Problem(section, $"an object with the keys {Listed(properties.Select(p => p.Name))}");
        foreach (var child in section.GetChildren())
        {
            var property = properties.FirstOrDefault(p => p.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase));
            if (property is null)
                Unknown(child, properties.Select(p => p.Name));
            else if (Value(property.PropertyType, child) is { } value)
                property.SetValue(options, value);
        }

        foreach (var property in properties.Where(IsRequired))
        {
            if (!section.GetChildren().Any(c => c.Key.Equals(property.Name, StringComparison.OrdinalIgnoreCase)))
                _problems.Add($"{section.Path}:{property.Name} is missing; expected is {Allowed(property.PropertyType)}.");
        }

        return options;
    }

    // The value of the section, or null where there is none or it is a problem.
    private object? Value(Type type, IConfigurationSection section)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (ElementOf(type) is { } element)
            return List(type, element, section);
        if (!IsScalar(type))
            return section.Value is null && !section.GetChildren().Any() ? null : Record(type, section);
        if (section.GetChildren().FirstOrDefault() is { } below)
        {
            _problems.Add($"{section.Path} holds {Listed(section.GetChildren().Select(c => c.Key))}{Origin(below)}; expected is {Allowed(type)}.");
            return null;
        }

        if (section.Value is not { } text)
            return null;
        if (Parsed(type, text) is { } value)
            return value;
        Problem(section, Allowed(type));
        return null;
    }

    private Array? List(Type type, Type element, IConfigurationSection section)
    {
        if (!string.IsNullOrEmpty(section.Value))
        {
            Problem(section, $"a list ([ … ]) of which each entry is {(IsScalar(element) ? Allowed(element) : "an object")}");
            return null;
        }

        // A list is given whole: the default's entries are replaced, not mixed with.
        var values = section.GetChildren().Select(c => Value(element, c)).Where(v => v is not null).ToArray();
        var list = Array.CreateInstance(element, values.Length);
        for (var i = 0; i < values.Length; i++)
            list.SetValue(values[i], i);
        return type.IsAssignableFrom(list.GetType()) ? list
            : throw new NotSupportedException($"{section.Path}: options keep lists as IReadOnlyList<{element.Name}>, not as {type}");
    }

    private void Unknown(IConfigurationSection section, IEnumerable<string> known)
    {
        var parent = section.Path[..^(section.Key.Length + 1)];
        var hint = Nearest.To(section.Key, known) is { } near ? $"did you mean {parent}:{near}?" : $"known here: {Listed(known)}.";
        var found = section.Value is { Length: > 0 } value && !MayBeSecret(section.Path, known) ? $" = '{value}'" : "";
        _problems.Add($"{section.Path}{found}{Origin(section)} is not a known key; {hint}");
    }

    private void Problem(IConfigurationSection section, string allowed) =>
        _problems.Add($"{section.Path} is {(MayBeSecret(section.Path, []) ? "set" : $"'{section.Value}'")}{Origin(section)}; allowed is {allowed}.");

    // A password under a mistyped key is still a password: it is not repeated.
    private static bool MayBeSecret(string path, IEnumerable<string> known) =>
        SecretWords.Any(word => path.Contains(word, StringComparison.OrdinalIgnoreCase))
        || Nearest.To(path[(path.LastIndexOf(':') + 1)..], known)?.StartsWith("Password", StringComparison.Ordinal) == true;

    // Where the value came from, as the person who wrote it would say it.
    public string Origin(IConfigurationSection section)
    {
        var provider = root.Providers.Reverse().FirstOrDefault(p => p.TryGet(section.Path, out _));
        return provider switch
        {
            FileConfigurationProvider file => $" in {file.Source.Path}",
            Microsoft.Extensions.Configuration.EnvironmentVariables.EnvironmentVariablesConfigurationProvider =>
                $" in the environment variable {section.Path.Replace(":", "__", StringComparison.Ordinal)}",
            Microsoft.Extensions.Configuration.Memory.MemoryConfigurationProvider => " on the command line",
            _ => "",
        };
    }

    private static object? Parsed(Type type, string text)
    {
        var culture = CultureInfo.InvariantCulture;
        if (type == typeof(string))
            return text;
        if (type == typeof(bool))
            return bool.TryParse(text, out var yes) ? yes : null;
        if (type == typeof(int))
            return int.TryParse(text, NumberStyles.AllowLeadingSign, culture, out var whole) ? whole : null;
        if (type == typeof(long))
            return long.TryParse(text, NumberStyles.AllowLeadingSign, culture, out var whole) ? whole : null;
        if (type == typeof(double))
            return double.TryParse(text, NumberStyles.Float, culture, out var real) && double.IsFinite(real) ? real : null;
        if (type == typeof(TimeSpan))
            return Durations.TryParse(text, out var time) ? time : null;
        // Enum.TryParse alone takes any number, and "a, b" for flags.
        return Enum.GetNames(type).Any(n => n.Equals(text, StringComparison.OrdinalIgnoreCase)) ? Enum.Parse(type, text, ignoreCase: true) : null;
    }

    // By name: a package of ours brings a second type of this name.
    private static bool IsRequired(PropertyInfo property) =>
        property.CustomAttributes.Any(a => a.AttributeType.FullName == "System.Runtime.CompilerServices.RequiredMemberAttribute");

    private static string Allowed(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(bool) ? "true or false"
            : type == typeof(int) || type == typeof(long) ? "a whole number"
            : type == typeof(double) ? "a number"
            : type == typeof(TimeSpan) ? "a time " + Durations.Allowed
            : type.IsEnum ? "one of " + Listed(Enum.GetNames(type))
            : type == typeof(string) ? "a text"
            : "an object";
    }

    private static bool IsScalar(Type type) => type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(TimeSpan);

    private static Type? ElementOf(Type type) => type == typeof(string) ? null
        : type.IsArray ? type.GetElementType()
        : type.IsGenericType && type.IsAssignableTo(typeof(IEnumerable)) ? type.GetGenericArguments()[0]
        : null;

    // Options are records whose every parameter has a default.
    private static object New(Type type)
    {
        var constructor = type.GetConstructors().First(c => c.GetParameters().All(p => p.HasDefaultValue));
        return constructor.Invoke([.. constructor.GetParameters().Select(p => p.DefaultValue)]);
    }

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names);
}
