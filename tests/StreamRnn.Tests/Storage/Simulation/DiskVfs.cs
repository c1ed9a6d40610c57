using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace StreamRnn.Tests.Storage.Simulation;

/// <summary>
/// SQLite's door to a <see cref="Disk"/>: a file system in its sense (sqlite3_vfs) under the name <see cref="Name"/>, written after https://www.sqlite.org/c3ref/vfs.html. Its locks hold nobody: one
/// connection to a file. The index of the log is in memory, and so gone with the process.
/// </summary>
internal static unsafe partial class DiskVfs
{
    public const string Name = "streamrnn-disk";

    private const int CannotOpen = 14, IoError = 10, NotFound = 12, ShortRead = 522;
    private const int Create = 4, Wal = 0x80000, MainJournal = 0x800;
    private const int PowerSafeOverwrite = 0x1000;          // as SQLite's own on Linux: a write damages nothing beside it
    private static readonly Lock Gate = new();
    private static Vfs* _vfs;
    private static Methods* _methods;

    public static void Register()
    {
        lock (Gate)
        {
            if (_vfs is not null)
                return;
            var own = Find(null);
            _methods = (Methods*)NativeMemory.AllocZeroed((nuint)sizeof(Methods));
            *_methods = new Methods
            {
                Version = 2,
                Close = &Close,
                Read = &Read,
                Write = &Write,
                Truncate = &Truncate,
                Sync = &Sync,
                FileSize = &FileSize,
                Lock = &LockFile,
                Unlock = &LockFile,
                CheckReservedLock = &CheckReservedLock,
                FileControl = &FileControl,
                SectorSize = &SectorSize,
                DeviceCharacteristics = &DeviceCharacteristics,
                ShmMap = &ShmMap,
                ShmLock = &ShmLock,
                ShmBarrier = &ShmBarrier,
                ShmUnmap = &ShmUnmap,
            };
            _vfs = (Vfs*)NativeMemory.AllocZeroed((nuint)sizeof(Vfs));
            *_vfs = *own;                                   // what has nothing to do with files: dates, chance, sleep
            (_vfs->Version, _vfs->FileBytes, _vfs->MaxPath) = (1, sizeof(OpenFile), 1024);
            _vfs->Next = null;
            _vfs->Name = (byte*)Marshal.StringToCoTaskMemUTF8(Name);
            _vfs->Open = &Open;
            _vfs->Delete = &Delete;
            _vfs->Access = &Access;
            _vfs->FullPath = &FullPath;
            Assert.Equal(0, Add(_vfs, 0));
        }
    }

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_vfs_find")]
    private static partial Vfs* Find(byte* name);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_vfs_register")]
    private static partial int Add(Vfs* vfs, int isDefault);

    private static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text)!;

    private static DiskFile File(OpenFile* file) => (DiskFile)GCHandle.FromIntPtr(file->Handle).Target!;

    [UnmanagedCallersOnly]
    private static int Open(Vfs* vfs, byte* name, OpenFile* file, int flags, int* outFlags)
    {
        file->Methods = null;
        try
        {
            var path = name is null ? Path.Combine(Path.GetTempPath(), $"streamrnn-{Guid.NewGuid():N}") : Text(name);
            var disk = name is null ? null : Disk.Of(path);
            if ((name is not null && disk is null) || disk is { IsDead: true })
                return CannotOpen;
            var isNew = !System.IO.File.Exists(path);
            if (isNew && (flags & Create) == 0)
                return CannotOpen;
            var handle = System.IO.File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, name is null ? FileOptions.DeleteOnClose : 0);
            file->Handle = GCHandle.ToIntPtr(GCHandle.Alloc(new DiskFile(path, handle, disk, isNew && (flags & (Wal | MainJournal)) != 0)));
            file->Methods = _methods;
            if (outFlags is not null)
                *outFlags = flags;
            return 0;
        }
        catch (IOException)
        {
            return CannotOpen;
        }
    }

    [UnmanagedCallersOnly]
    private static int Delete(Vfs* vfs, byte* name, int syncFolder) => Disk.Of(Text(name)) is { } disk ? disk.Delete(Text(name)) : IoError;

    [UnmanagedCallersOnly]
    private static int Access(Vfs* vfs, byte* name, int flags, int* answer)
    {
        *answer = System.IO.File.Exists(Text(name)) ? 1 : 0;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int FullPath(Vfs* vfs, byte* name, int room, byte* path)
    {
        var bytes = Encoding.UTF8.GetBytes(Path.GetFullPath(Text(name)) + '\0');
        if (bytes.Length > room)
            return CannotOpen;
        bytes.CopyTo(new Span<byte>(path, room));
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int Close(OpenFile* file)
    {
        File(file).Dispose();
        GCHandle.FromIntPtr(file->Handle).Free();
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int Read(OpenFile* file, byte* into, int count, long at)
    {
        var of = File(file);
        if (of.IsOver)
            return IoError;
        if (of.Disk?.Ask(DiskOperation.Read, of.Path).Code is > 0 and var code)
            return code;
        var bytes = new Span<byte>(into, count);
        var read = RandomAccess.Read(of.Handle, bytes, at);
        bytes[read..].Clear();
        return read < count ? ShortRead : 0;
    }

    [UnmanagedCallersOnly]
    private static int Write(OpenFile* file, byte* from, int count, long at)
    {
        var of = File(file);
        var bytes = new ReadOnlySpan<byte>(from, count);
        if (of.IsOver)
            return IoError;
        if (of.Disk is not null)
            return of.Disk.Write(of.Path, of.Handle, bytes, at);
        RandomAccess.Write(of.Handle, bytes, at);
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int Truncate(OpenFile* file, long length)
    {
        var of = File(file);
        if (of.IsOver)
            return IoError;
        if (of.Disk is not null)
            return of.Disk.Truncate(of.Path, of.Handle, length);
        RandomAccess.SetLength(of.Handle, length);
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int Sync(OpenFile* file, int flags)
    {
        var of = File(file);
        var code = of.IsOver ? IoError : of.Disk?.Sync(of.Path, of.IsNewLog) ?? 0;
        of.IsNewLog &= code != 0;
        return code;
    }

    [UnmanagedCallersOnly]
    private static int FileSize(OpenFile* file, long* size)
    {
        *size = RandomAccess.GetLength(File(file).Handle);
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int LockFile(OpenFile* file, int level) => 0;

    [UnmanagedCallersOnly]
    private static int CheckReservedLock(OpenFile* file, int* held) => *held = 0;

    [UnmanagedCallersOnly]
    private static int FileControl(OpenFile* file, int what, void* about) => NotFound;

    [UnmanagedCallersOnly]
    private static int SectorSize(OpenFile* file) => 4096;

    [UnmanagedCallersOnly]
    private static int DeviceCharacteristics(OpenFile* file) => PowerSafeOverwrite;

    [UnmanagedCallersOnly]
    private static int ShmMap(OpenFile* file, int region, int bytes, int extend, void** at)
    {
        var regions = File(file).Regions;
        while (extend != 0 && regions.Count <= region)
            regions.Add((nint)NativeMemory.AllocZeroed((nuint)bytes));
        *at = region < regions.Count ? (void*)regions[region] : null;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int ShmLock(OpenFile* file, int offset, int count, int flags) => 0;

    [UnmanagedCallersOnly]
    private static void ShmBarrier(OpenFile* file) => Interlocked.MemoryBarrier();

    [UnmanagedCallersOnly]
    private static int ShmUnmap(OpenFile* file, int delete)
    {
        File(file).FreeRegions();
        return 0;
    }

    private sealed class DiskFile(string path, SafeFileHandle handle, Disk? disk, bool isNewLog) : IDisposable
    {
        private readonly int _life = disk?.Life ?? 0;

        public string Path => path;

        public SafeFileHandle Handle => handle;

        public Disk? Disk => disk;

        /// <summary>The process that opened it is gone.</summary>
        public bool IsOver => disk is not null && disk.Life != _life;

        public List<nint> Regions { get; } = [];

        public bool IsNewLog { get; set; } = isNewLog;

        public void FreeRegions()
        {
            foreach (var region in Regions)
                NativeMemory.Free((void*)region);
            Regions.Clear();
        }

        public void Dispose()
        {
            FreeRegions();
            handle.Dispose();
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenFile
    {
        public Methods* Methods;
        public nint Handle;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Vfs
    {
        public int Version, FileBytes, MaxPath;
        public Vfs* Next;
        public byte* Name;
        public void* About;
        public delegate* unmanaged<Vfs*, byte*, OpenFile*, int, int*, int> Open;
        public delegate* unmanaged<Vfs*, byte*, int, int> Delete;
        public delegate* unmanaged<Vfs*, byte*, int, int*, int> Access;
        public delegate* unmanaged<Vfs*, byte*, int, byte*, int> FullPath;
        public void* DlOpen, DlError, DlSym, DlClose, Randomness, Sleep, CurrentTime, GetLastError;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Methods
    {
        public int Version;
        public delegate* unmanaged<OpenFile*, int> Close;
        public delegate* unmanaged<OpenFile*, byte*, int, long, int> Read;
        public delegate* unmanaged<OpenFile*, byte*, int, long, int> Write;
        public delegate* unmanaged<OpenFile*, long, int> Truncate;
        public delegate* unmanaged<OpenFile*, int, int> Sync;
        public delegate* unmanaged<OpenFile*, long*, int> FileSize;
        public delegate* unmanaged<OpenFile*, int, int> Lock, Unlock;
        public delegate* unmanaged<OpenFile*, int*, int> CheckReservedLock;
        public delegate* unmanaged<OpenFile*, int, void*, int> FileControl;
        public delegate* unmanaged<OpenFile*, int> SectorSize, DeviceCharacteristics;
        public delegate* unmanaged<OpenFile*, int, int, int, void**, int> ShmMap;
        public delegate* unmanaged<OpenFile*, int, int, int, int> ShmLock;
        public delegate* unmanaged<OpenFile*, void> ShmBarrier;
        public delegate* unmanaged<OpenFile*, int, int> ShmUnmap;
    }
}
