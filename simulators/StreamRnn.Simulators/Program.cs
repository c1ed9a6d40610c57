using System.CommandLine;
using StreamRnn.Simulators.Commands;

// The executable has one verb, so its name may be left out: `streamrnn-simulators --kind pump`.
var simulate = SimulateCommand.Create();
var root = new RootCommand(simulate.Description!);
foreach (var option in simulate.Options)
    root.Options.Add(option);
foreach (var validator in simulate.Validators)
    root.Validators.Add(validator);
root.Action = simulate.Action;

var parsed = root.Parse(args is ["simulate", .. var rest] ? rest : args);
return parsed.Errors.Count > 0 ? UsageErrors.Report(parsed, Console.Error) : await parsed.InvokeAsync();
