using System.Globalization;
using Microsoft.Data.Sqlite;

namespace StreamRnn.Storage;

/// <summary>A file of ours: opened in WAL mode, known by its application id and layout, its errors told apart.</summary>
internal static class Sqlite
{
    private const int Full = 13, Corrupt = 11, NotADatabase = 26, TooLarge = 18;

    /// <summary>Opens a file, and makes it where it is missing.</summary>
    /// <param name="kind">The application id that says what the file is.</param>
    /// <param name="layout">Of the tables, as the file's user_version.</param>
    /// <param name="durable">A commit is on the disk when it returns.</param>
    /// <param name="vfs">The file system that SQLite goes through; null: its own.</param>
    /// <exception cref="StoreException">It is no such file, of another layout, or damaged.</exception>
    public static SqliteConnection Open(string path, int kind, int layout, string schema, bool readOnly = false, bool durable = true, string? vfs = null)
    {
        if (readOnly && (!File.Exists(path) || new FileInfo(path).Length == 0))
            throw new StoreException($"{path} is missing; expected is a file that 'streamrnn run' has written.");
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = readOnly ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWriteCreate,
            Pooling = false,
            DefaultTimeout = 5,
            Vfs = vfs,
        }.ToString());
        try
        {
            connection.Open();
            if (!readOnly)
                Run(connection, "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=4000; PRAGMA synchronous=" + (durable ? "FULL;" : "OFF;"));
            // Also where a process was killed while it made the file.
            if (!readOnly && Number(connection, "PRAGMA application_id") == 0 && Number(connection, "SELECT count(*) FROM sqlite_master") == 0)
                Run(connection, string.Create(CultureInfo.InvariantCulture, $"BEGIN; {schema} PRAGMA application_id={kind}; PRAGMA user_version={layout}; COMMIT;"));
            if (Number(connection, "PRAGMA application_id") is var found && found != kind)
                throw new StoreException($"{path} is an SQLite file of another program (application id {found}, expected {kind}). Name another folder in StreamRnn:Storage:Path.");
            if (Number(connection, "PRAGMA user_version") is var version && version != layout)
                throw new StoreException($"{path} is of layout {version}; this version of StreamRnn reads and writes layout {layout}. Use the version that wrote it, or move the folder away: then everything is learned anew.");
            return connection;
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw Fault(path, "opening it", e);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Runs a prepared command; values in the order of its parameters.</summary>
    public static void Run(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i];
        command.ExecuteNonQuery();
    }

    public static long Number(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() is long number ? number : 0;
    }

    /// <summary>The rows of a query, as they are read.</summary>
    /// <param name="doing">For the message.</param>
    /// <exception cref="StoreException">SQLite cannot go on; the message names the file.</exception>
    public static IEnumerable<T> Rows<T>(SqliteCommand command, string path, string doing, Func<SqliteDataReader, T> row)
    {
        using var reader = Or(command.ExecuteReader);
        Func<bool> next = reader.Read;
        while (Or(next))
            yield return row(reader);

        TResult Or<TResult>(Func<TResult> read)
        {
            try
            {
                return read();
            }
            catch (SqliteException e)
            {
                throw Fault(path, doing, e);
            }
        }
    }

    /// <summary>A column as it is found, 0 where it is no number: a row that is damaged may be of other types, and what tells is its checksum.</summary>
    public static long Number(SqliteDataReader row, int column) => SQLitePCL.raw.sqlite3_column_int64(row.Handle, column);

    /// <summary>The bytes of a column, of a text in UTF-8, empty where there are none; until the next row.</summary>
    public static ReadOnlySpan<byte> Bytes(SqliteDataReader row, int column) => SQLitePCL.raw.sqlite3_column_blob(row.Handle, column);

    public static string Text(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() as string ?? "";
    }

    /// <summary>
    /// Writes to the disk what the file is found to hold. A commit whose sync failed was said to have failed, but may be found by the next process, and be lost with the power after that: nothing may be
    /// built on it before.
    /// </summary>
    /// <exception cref="SqliteException">It is not on the disk; it can be tried again.</exception>
    public static void MakeDurable(SqliteConnection connection) => Run(connection, "PRAGMA wal_checkpoint(PASSIVE)");

    public static void BackUp(SqliteConnection from, string path)
    {
        using var to = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        to.Open();
        from.BackupDatabase(to);
    }

    public static SqliteCommand Prepare(SqliteConnection connection, string sql, params string[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in parameters)
            command.Parameters.Add(new SqliteParameter { ParameterName = name });
        return command;
    }

    /// <summary>Whether it may pass: no room, the disk did not answer, somebody else holds the file.</summary>
    public static bool MayPass(SqliteException e) => e.SqliteErrorCode is not (Corrupt or NotADatabase or TooLarge or 1 or 19 or 20 or 21 or 25);

    public static string Why(SqliteException e) => e.SqliteErrorCode == Full ? "there is no room left on the disk" : e.Message;

    public static StoreException Fault(string path, string doing, SqliteException e) => new(e.SqliteErrorCode is Corrupt or NotADatabase or TooLarge
        ? $"{path} is damaged ({e.Message}; found while {doing}). {StoreException.WhatToDo} Nothing was changed."
        : $"{path}: {doing} failed: {e.Message}", e);
}
