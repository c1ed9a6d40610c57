using System.CommandLine;
using System.Globalization;
using StreamRnn.Host.Models;
using StreamRnn.Nets;
using StreamRnn.Onnx;

namespace StreamRnn.Host.Commands;

/// <summary><c>model export</c> and <c>model import</c>: models as ONNX files, the form in which PyTorch, Keras and ONNX Runtime exchange nets.</summary>
internal static class ModelOnnx
{
    private const int Kept = 10;

    public static Verb Export()
    {
        var model = new Argument<string>("MODEL") { Description = "A model file that 'streamrnn train' wrote." };
        var onnx = new Option<string>("--onnx") { Description = "The ONNX file to write; what is there is replaced.", HelpName = "FILE.onnx", Required = true };
        var verb = new Verb("export", "Write a model as an ONNX file: x (time, batch, columns) and each layer's state in, y and the states out.")
        {
            Arguments = { model },
            Options = { onnx },
            Examples = [("streamrnn model export pump.model --onnx pump.onnx", "To run it in ONNX Runtime.")],
            Notes = ["x is (value - shift) / scale of each column; the file's metadata has columns, shift and scale under streamrnn.columns, streamrnn.shift and streamrnn.scale."],
        };
        verb.SetAction(parsed =>
        {
            var (from, to) = (parsed.GetRequiredValue(model), parsed.GetRequiredValue(onnx));
            var saved = SavedModel.Read(from, "MODEL");
            using var bytes = new MemoryStream();
            try
            {
                OnnxModel.Write(bytes, saved);
                var temporary = to + ".new";                   // never half a file under its name
                File.WriteAllBytes(temporary, bytes.ToArray());
                File.Move(temporary, to, overwrite: true);
            }
            catch (OnnxException e)
            {
                throw new UsageException($"{from} cannot be written as ONNX: {e.Message}.");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new UsageException($"--onnx {to} cannot be written: {e.Message}");
            }

            parsed.InvocationConfiguration.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"Written: {to}, opset {OnnxFile.Opset}, {bytes.Length / 1024.0:0} KiB: x (time, batch, {saved.Net.Inputs}) to y (time, batch, {saved.Net.Outputs})."));
            return ExitCode.Fine;
        });
        return verb;
    }

    public static Verb Import()
    {
        var onnx = new Argument<string>("FILE.onnx") { Description = "Of 'model export', or of PyTorch or Keras: LSTM, GRU, RNN and dense layers in a chain." };
        var model = new Option<string>("--out") { Description = "The model file to write. What is there already is kept in MODEL.history.", HelpName = "MODEL", Required = true };
        var columns = new Option<string[]>("--columns")
        {
            Description = "The channels that go in, in the net's order. Needed unless the file says it, as ours do.",
            HelpName = "NAME …",
            AllowMultipleArgumentsPerToken = true,
        };
        var mean = Numbers("--mean", "What is taken from each column's values before they go in; with --spread. Default: what the file says, else 0.");
        var spread = Numbers("--spread", "By what each column's values are divided after that. Default: what the file says, else 1.");
        var verb = new Verb("import", "Make a model of an ONNX file; then 'run' can predict devices with it.")
        {
            Arguments = { onnx },
            Options = { model, columns, mean, spread },
            Examples =
            [
                ("streamrnn model import pump.onnx --out pump.model", "Of a file that 'model export' wrote."),
                ("streamrnn model import net.onnx --out pump.model --columns pressure flow --mean 2.5 140 --spread 0.3 22", "Of PyTorch."),
            ],
            Notes = ["What is not supported is refused with the operator's and the node's name; nothing is written then."],
        };
        verb.SetAction(parsed =>
        {
            var (from, history) = (parsed.GetRequiredValue(onnx), new ModelHistory(parsed.GetRequiredValue(model)));
            history.RequireWritable();
            var normaliser = NormaliserOf(parsed.GetValue(mean), parsed.GetValue(spread));
            var read = Read(from, parsed.GetValue(columns), normaliser, Path.GetFileNameWithoutExtension(history.Path));
            history.Write(read, Kept);
            var output = parsed.InvocationConfiguration.Output;
            output.Write(read.Net.Describe());
            output.WriteLine($"Written: {history.Path}, model {read.Id}, version {read.Version}, columns {string.Join(", ", read.Columns)}.");
            if (!read.PredictsRows)
                output.WriteLine($"It takes {read.Net.Inputs} values and does not predict the next row of them: 'run' and 'replay' cannot predict devices with it.");
            return ExitCode.Fine;
        });
        return verb;
    }

    private static NetModel Read(string path, string[]? columns, Normaliser? normaliser, string id)
    {
        try
        {
            using var file = File.OpenRead(path);
            return OnnxModel.Read(file, columns is { Length: > 0 } ? columns : null, normaliser, id, new Dictionary<string, string> { ["imported"] = Path.GetFileName(path) });
        }
        catch (OnnxException e)
        {
            throw new UsageException($"{path}: {e.Message}.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UsageException($"{path}: there is no file {Path.GetFullPath(path)}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{path} cannot be read: {e.Message}");
        }
    }

    private static Normaliser? NormaliserOf(double[]? mean, double[]? spread)
    {
        if (mean is not { Length: > 0 } && spread is not { Length: > 0 })
            return null;
        try
        {
            return new Normaliser(mean ?? [], spread ?? []);
        }
        catch (ArgumentException)
        {
            throw new UsageException("--mean and --spread go together: a number for each column, spreads above 0.");
        }
    }

    private static Option<double[]> Numbers(string name, string description) => new(name) { Description = description, HelpName = "NUMBER …", AllowMultipleArgumentsPerToken = true };
}
