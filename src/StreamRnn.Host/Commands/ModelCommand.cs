using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using StreamRnn.Host.Models;
using StreamRnn.Nets;

namespace StreamRnn.Host.Commands;

/// <summary><c>model</c>: what is in a model file, its earlier versions, the way back to one, and <see cref="ModelOnnx"/>.</summary>
internal static class ModelCommand
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = false, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create()
    {
        var verb = new Verb("model", "Show what is in a model file, list its earlier versions, go back to one, or exchange it as ONNX.")
        {
            Examples =
            [
                ("streamrnn model show pump.model", "Layers, columns, how it was trained, its error."),
                ("streamrnn model list pump.model", "The versions that are kept, oldest first."),
                ("streamrnn model rollback pump.model", "Back to the version before; 'run' reads it at its next start."),
                ("streamrnn model export pump.model --onnx pump.onnx", "For ONNX Runtime and others; 'model import' is the way back."),
            ],
            Notes = ["Every version that 'train' wrote is kept in the folder MODEL.history, up to the number that --keep says. Exit code 0: done, 2: there is no such file or version, or it cannot be used."],
        };
        verb.Add(Show());
        verb.Add(List());
        verb.Add(Rollback());
        verb.Add(ModelOnnx.Export());
        verb.Add(ModelOnnx.Import());
        return verb;
    }

    private static Argument<string> Model() => new("MODEL") { Description = "A model file that 'streamrnn train' wrote." };

    private static Option<bool> AsJson() => new("--json") { Description = "One JSON object instead of lines." };

    private static Verb Show()
    {
        var (model, json) = (Model(), AsJson());
        var verb = new Verb("show", "Show layers, columns, normaliser, how it was trained, error on held-out rows, and version.")
        {
            Arguments = { model },
            Options = { json },
            Examples = [("streamrnn model show pump.model", "For people."), ("streamrnn model show pump.model --json", "For scripts.")],
        };
        verb.SetAction(parsed =>
        {
            var shown = SavedModel.Read(parsed.GetRequiredValue(model), "MODEL");
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
                output.WriteLine(JsonSerializer.Serialize(Facts(shown), Json));
            else
                Write(shown, output);
            return ExitCode.Fine;
        });
        return verb;
    }

    private static Verb List()
    {
        var (model, json) = (Model(), AsJson());
        var verb = new Verb("list", "List the versions of a model, oldest first; * is in use.")
        {
            Arguments = { model },
            Options = { json },
            Examples = [("streamrnn model list pump.model", "For people."), ("streamrnn model list pump.model --json", "For scripts.")],
        };
        verb.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(model);
            var present = SavedModel.Read(path, "MODEL");
            var output = parsed.InvocationConfiguration.Output;
            var all = new ModelHistory(path).All();
            // One that was copied here by hand is in no history yet.
            var models = all.Any(k => k.Model.Version == present.Version) ? all.Select(k => k.Model).ToList() : [.. all.Select(k => k.Model), present];
            if (parsed.GetValue(json))
            {
                output.WriteLine(JsonSerializer.Serialize(models.Select(m => new { version = m.Version, inUse = m.Version == present.Version, id = m.Id, parameters = Net.Count(m.Net.Parameters), notes = m.Notes }), Json));
                return ExitCode.Fine;
            }

            output.WriteLine("  version       parameters  error on held-out rows");
            foreach (var m in models)
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{(m.Version == present.Version ? "*" : " ")} {m.Version}  {Net.Count(m.Net.Parameters),10:N0}  {m.Notes.GetValueOrDefault("error", "-")}"));
            return ExitCode.Fine;
        });
        return verb;
    }

    private static Verb Rollback()
    {
        var model = Model();
        var version = new Argument<string?>("VERSION") { Description = "The version to go back to, or its beginning. Default: the one before that in use.", Arity = ArgumentArity.ZeroOrOne };
        var verb = new Verb("rollback", "Make an earlier version of a model the one in use; all are kept, so that the way forward is the same.")
        {
            Arguments = { model, version },
            Examples = [("streamrnn model rollback pump.model", "To the version before."), ("streamrnn model rollback pump.model 07cee69", "To this one.")],
        };
        verb.SetAction(parsed =>
        {
            var (from, to) = new ModelHistory(parsed.GetRequiredValue(model)).Rollback(parsed.GetValue(version));
            parsed.InvocationConfiguration.Output.WriteLine($"{parsed.GetRequiredValue(model)}: version {to.Model.Version} is in use instead of {from.Model.Version}.");
            return ExitCode.Fine;
        });
        return verb;
    }

    private static void Write(NetModel model, TextWriter output)
    {
        output.WriteLine($"model    {model.Id}");
        output.WriteLine($"version  {model.Version}");
        foreach (var (key, value) in model.Notes.OrderBy(n => n.Key, StringComparer.Ordinal))
            output.WriteLine($"{key,-8} {value}");
        output.WriteLine($"net      {model.Net.Topology.ToJson()}");
        output.WriteLine();
        output.Write(model.Net.Describe());
        output.WriteLine();
        var width = Math.Max(16, model.Columns.Max(c => c.Length));
        output.WriteLine($"{"column".PadRight(width)}  {"mean",12} {"spread",12}");
        for (var c = 0; c < model.Columns.Length; c++)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{model.Columns[c].PadRight(width)}  {model.Normaliser.Shift[c],12:G5} {model.Normaliser.Scale[c],12:G5}"));
    }

    private static object Facts(NetModel model) => new
    {
        id = model.Id,
        version = model.Version,
        net = JsonSerializer.Deserialize<JsonElement>(model.Net.Topology.ToJson()),
        parameters = Net.Count(model.Net.Parameters),
        layers = model.Net.Layers.Select(l => new { name = l.Name, inputs = l.Inputs, outputs = l.Outputs, state = l.StateWidth, parameters = Net.Count(l.Parameters) }),
        columns = model.Columns.Select((name, c) => new { name, mean = model.Normaliser.Shift[c], spread = model.Normaliser.Scale[c] }),
        notes = model.Notes,
    };
}
