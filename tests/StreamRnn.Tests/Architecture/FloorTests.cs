using System.Reactive.Subjects;
using System.Reflection;
using Mono.Cecil;
using NetArchTest.Rules;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Architecture;

/// <summary>The floors and rooms of ARCHITECTURE.md, held against the assemblies. Each rule has a control that shows that it can fail.</summary>
public sealed class FloorTests
{
    private static readonly Assembly Core = typeof(Device).Assembly;

    // From the ground up: a room may use those before it, never one after it.
    private static readonly string[] Rooms = ["StreamRnn.Readings", "StreamRnn.Detection", "StreamRnn.Alerts", "StreamRnn.Pipeline", "StreamRnn.Training"];

    // What of ours an assembly may reference; the compiler forbids circles, this forbids short cuts.
    private static readonly Dictionary<string, string[]> Floors = new()
    {
        ["StreamRnn.Nets"] = [],
        ["StreamRnn.Onnx"] = ["StreamRnn.Nets"],
        ["StreamRnn.Core"] = ["StreamRnn.Nets"],
        ["StreamRnn.Mqtt"] = ["StreamRnn.Core"],
        ["StreamRnn.Storage"] = ["StreamRnn.Core"],
        ["streamrnn-simulators"] = [],
        ["streamrnn"] = ["StreamRnn.Nets", "StreamRnn.Onnx", "StreamRnn.Core", "StreamRnn.Mqtt", "StreamRnn.Storage", "streamrnn-simulators"],
    };

    public static TheoryData<string> AllRooms => [.. Rooms];

    public static TheoryData<string> AllFloors => [.. Floors.Keys];

    [Theory, MemberData(nameof(AllRooms))]
    public void NoRoomUsesOneAboveIt(string room) =>
        Assert.Empty(Trespassers(Core, room, Rooms[(Array.IndexOf(Rooms, room) + 1)..]));

    [Fact]
    public void TheRuleOfRoomsSeesAUse()
    {
        Assert.NotEmpty(Trespassers(Core, "StreamRnn.Pipeline", "StreamRnn.Readings"));
        Assert.NotEmpty(Trespassers(Core, "StreamRnn.Alerts", "StreamRnn.Readings"));
        // Also where nothing but the body of a lambda shows it.
        Assert.Contains(Trespassers(typeof(FloorTests).Assembly, "StreamRnn.Tests.Architecture.Control", "StreamRnn.Pipeline"), t => t.EndsWith("HiddenUse", StringComparison.Ordinal));
    }

    [Fact]
    public void EveryTypeOfTheCoreLivesInARoom() =>
        Assert.All(Core.GetExportedTypes().Select(t => t.Namespace ?? "").Distinct(),
            space => Assert.Contains(Rooms, room => (space + ".").StartsWith(room + ".", StringComparison.Ordinal)));

    [Theory, MemberData(nameof(AllFloors))]
    public void NoFloorUsesOneAboveIt(string floor)
    {
        var ours = Assembly.Load(floor).GetReferencedAssemblies().Select(a => a.Name!).Where(Floors.ContainsKey);
        Assert.Empty(ours.Except(Floors[floor]));
    }

    [Fact]
    public void TheNetsNeedNothingButTheRuntime() =>
        Assert.All(Assembly.Load("StreamRnn.Nets").GetReferencedAssemblies(), a => Assert.True(IsRuntime(a.Name!), a.Name));

    [Fact]
    public void TheCoreNeedsNothingButTheNetsAndRx() =>
        Assert.All(Core.GetReferencedAssemblies(), a => Assert.True(a.Name is "StreamRnn.Nets" or "System.Reactive" || IsRuntime(a.Name!), a.Name));

    [Fact]
    public void OnnxNeedsNothingButTheNetsAndProtocolBuffers() =>
        Assert.All(Assembly.Load("StreamRnn.Onnx").GetReferencedAssemblies(), a => Assert.True(a.Name is "StreamRnn.Nets" or "Google.Protobuf" || IsRuntime(a.Name!), a.Name));

    [Fact]
    public void TheRuleOfTheRuntimeSeesAPackage()
    {
        Assert.Contains(Core.GetReferencedAssemblies(), a => !IsRuntime(a.Name!));
        Assert.False(IsRuntime("MQTTnet"));
    }

    [Fact]
    public void NoSubjectIsPublic() => Assert.Empty(Floors.Keys.SelectMany(f => Assembly.Load(f).GetExportedTypes()).SelectMany(PublicSubjects));

    [Fact]
    public void TheRuleOfSubjectsSeesOne() => Assert.Equal(["Control.Offender.Shout", "Control.Offender.Say"], PublicSubjects(typeof(Control.Offender)));

    [Fact]
    public void TestsDoNotSleep()
    {
        var sleepers = Sleepers(typeof(FloorTests).Assembly).ToList();
        Assert.Contains(sleepers, name => name.Contains("Control", StringComparison.Ordinal));     // the control, which is never run
        Assert.DoesNotContain(sleepers, name => !name.Contains("Control", StringComparison.Ordinal));
    }

    private static List<string> Trespassers(Assembly assembly, string room, params string[] above)
    {
        if (above.Length == 0)
            return [];
        var result = Types.InAssembly(assembly).That().ResideInNamespace(room).ShouldNot().HaveDependencyOnAny(above).GetResult();
        return [.. result.FailingTypeNames ?? []];
    }

    // The shared framework's own assemblies lie in its folder, packages lie beside ours.
    private static bool IsRuntime(string assembly) =>
        assembly != "System.Reactive" && File.Exists(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, assembly + ".dll"));

    private static IEnumerable<string> PublicSubjects(Type type) =>
        type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(m => m switch
            {
                PropertyInfo p => IsSubject(p.PropertyType),
                FieldInfo f => IsSubject(f.FieldType),
                MethodInfo { IsSpecialName: false } f => IsSubject(f.ReturnType) || f.GetParameters().Any(p => IsSubject(p.ParameterType)),
                _ => false,
            })
            .OrderBy(m => m.MetadataToken & 0xffffff)
            .Select(m => $"{type.Namespace!.Split('.')[^1]}.{type.Name}.{m.Name}");

    private static bool IsSubject(Type type) =>
        type.GetInterfaces().Append(type).Any(i => i.IsGenericType && i.GetGenericTypeDefinition() is var g && (g == typeof(ISubject<>) || g == typeof(ISubject<,>)));

    private static IEnumerable<string> Sleepers(Assembly assembly)
    {
        using var module = ModuleDefinition.ReadModule(assembly.Location);
        return [.. from type in module.GetTypes()
                   from method in type.Methods
                   where method.HasBody
                   from instruction in method.Body.Instructions
                   let called = instruction.Operand as MethodReference
                   where called is { DeclaringType.FullName: "System.Threading.Thread", Name: "Sleep" }
                       or { DeclaringType.FullName: "System.Threading.Tasks.Task", Name: "Delay" }
                   select $"{type.FullName}.{method.Name}"];
    }
}
