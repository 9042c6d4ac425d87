//! From a path to a connection: folder, file, whose file it is, and how each connection is set up.
//!
//! A file that is not ours, or too new, is left exactly as it was found.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use rustix::fs::Access;

use super::{Result, StoreError, lock, migrate, row};

/// `bngs`: marks the file as ours (`file` shows it, and we refuse any other).
pub(super) const APPLICATION_ID: i32 = 0x626e_6773;

/// How long a connection waits for another's write lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Memory of a reader for pages, in KiB.
const READER_CACHE_KIB: i64 = 2048;
/// Statements a connection keeps prepared.
const STATEMENTS: usize = 256;
/// What every SQLite file begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Opens the writer's connection, with the schema up to date.
pub(super) fn open(path: &Path, now: Timestamp) -> Result<Connection> {
    make_folder_of(path)?;
    let new = make_file(path)?;
    look_at_file(path, new)?;
    let mut conn = connect(path)?;
    if conn.is_readonly(rusqlite::MAIN_DB)? {
        return Err(StoreError::ReadOnly {
            path: path.to_owned(),
            detail: "the file may only be read".to_owned(),
        });
    }
    let version = recognise(&conn)?;
    if version == 0 {
        conn.pragma_update(None, "auto_vacuum", "incremental")?;
    }
    let mode: String = conn.query_row("pragma journal_mode = wal", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::Io {
            path: path.to_owned(),
            detail: "its file system cannot share memory between processes, choose a local disk"
                .to_owned(),
        });
    }
    migrate::migrate(&mut conn, path, migrate::ALL, now)?;
    Ok(conn)
}

/// Opens a connection that cannot write.
pub(super) fn reader(path: &Path) -> Result<Connection> {
    let conn = connect(path)?;
    conn.pragma_update(None, "query_only", true)?;
    // What readers look up lies far apart, and the system keeps the file's pages too.
    conn.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    Ok(conn)
}

/// A connection to an existing file, set up as all of them are.
pub(super) fn connect(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    row::add_short_hash(&conn)?;
    // Without it a statement on a partial or analysed index is planned anew for every value.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.execute_batch(
        "pragma foreign_keys = on;
         pragma trusted_schema = off;
         pragma cell_size_check = on;
         pragma synchronous = full;
         pragma temp_store = memory;
         pragma cache_size = -16384;
         pragma wal_autocheckpoint = 12288;
         pragma journal_size_limit = 67108864;",
    )?;
    Ok(conn)
}

/// Which file a path leads to, so that a replaced one is noticed.
pub(super) fn identity(path: &Path) -> Result<(u64, u64)> {
    let meta = fs::metadata(path).map_err(|error| StoreError::io(path, &error))?;
    Ok((meta.dev(), meta.ino()))
}

/// The write-ahead log beside a database.
pub(super) fn wal_path(path: &Path) -> PathBuf {
    suffixed(path, "-wal")
}

/// The file beside `path` whose name goes on with `suffix`.
pub(super) fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The folder that the database is in, made where there is none.
pub(super) fn make_folder_of(database: &Path) -> Result<PathBuf> {
    let named = database.parent().filter(|dir| !dir.as_os_str().is_empty());
    let folder = named.unwrap_or_else(|| Path::new("."));
    make_folder(folder)?;
    Ok(folder.to_owned())
}

/// The folder, for this user alone where it is new, whatever the umask says.
fn make_folder(dir: &Path) -> Result<()> {
    let failed = |error| StoreError::io(dir, &error);
    match fs::metadata(dir) {
        // SQLite makes its log and locks beside the file, so the file's own rights are not enough.
        Ok(meta) if meta.is_dir() => {
            let rights = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
            rustix::fs::access(dir, rights).map_err(|error| failed(error.into()))
        }
        Ok(_) => Err(StoreError::Io {
            path: dir.to_owned(),
            detail: "is not a folder".to_owned(),
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o700);
            builder.create(dir).map_err(failed)?;
            fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

/// Whether others than its owner may put files into the folder `dir`, or take them out.
#[must_use]
pub fn is_open_to_others(dir: &Path) -> bool {
    fs::metadata(dir).is_ok_and(|data| data.permissions().mode() & 0o022 != 0)
}

/// The file, for this user alone where it is new, which is told; SQLite gives its companions the same mode.
fn make_file(path: &Path) -> Result<bool> {
    let failed = |error| StoreError::io(path, &error);
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(file) => file
            .set_permissions(fs::Permissions::from_mode(0o600))
            .map(|()| true)
            .map_err(failed),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

/// Refuses, before SQLite touches anything, what cannot be a store.
fn look_at_file(path: &Path, new: bool) -> Result<()> {
    let failed = |error| StoreError::io(path, &error);
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(foreign(path, "it is not a file"));
    }
    let mut head = Vec::with_capacity(MAGIC.len());
    let file = File::open(path).map_err(failed)?;
    file.take(MAGIC.len() as u64)
        .read_to_end(&mut head)
        .map_err(failed)?;
    if head.is_empty() {
        let empty = |detail: &str| {
            Err(StoreError::Corrupt {
                path: path.to_owned(),
                detail: detail.to_owned(),
            })
        };
        return match fs::metadata(wal_path(path)) {
            Ok(wal) if wal.len() > 0 => empty("it is empty, but its log is not"),
            // Killed at its very first start it is empty too, but then nobody has had the lock yet.
            _ if !new && lock::was_taken(path) => empty("it is empty, and once was not"),
            _ => Ok(()),
        };
    }
    if head != MAGIC {
        return Err(foreign(path, "it is not an SQLite database"));
    }
    Ok(())
}

/// The schema's version; 0 where there is none yet.
pub(super) fn recognise(conn: &Connection) -> Result<i64> {
    let path = conn.path().map(PathBuf::from).unwrap_or_default();
    let pragma = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let application = pragma("application_id")?;
    let version = pragma("user_version")?;
    if application != i64::from(APPLICATION_ID) {
        let tables: i64 =
            conn.query_row("select count(*) from sqlite_schema", [], |row| row.get(0))?;
        if application == 0 && version == 0 && tables == 0 {
            return Ok(0);
        }
        return Err(foreign(
            &path,
            &format!(
                "it is an SQLite database of another program, application id {application:#010x}"
            ),
        ));
    }
    let known = migrate::newest(migrate::ALL);
    if version > known {
        return Err(StoreError::Newer {
            path,
            found: version,
            known,
        });
    }
    Ok(version)
}

fn foreign(path: &Path, detail: &str) -> StoreError {
    StoreError::Foreign {
        path: path.to_owned(),
        detail: detail.to_owned(),
    }
}

/// Whether a file is a whole store of ours with no log beside it, read from its first bytes.
pub(super) fn is_copy(path: &Path) -> Result<bool> {
    const HEAD: usize = 72;
    let failed = |error| StoreError::io(path, &error);
    let mut head = Vec::with_capacity(HEAD);
    // Opening a pipe would wait for its writer.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Ok(false);
    }
    let file = File::open(path).map_err(failed)?;
    file.take(HEAD as u64)
        .read_to_end(&mut head)
        .map_err(failed)?;
    let ours =
        head.starts_with(MAGIC) && head.get(68..72) == Some(&APPLICATION_ID.to_be_bytes()[..]);
    Ok(ours && !wal_path(path).exists())
}
