//! A file is written whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{Progress, WriteError};
use crate::trace::Phrase;

/// How much is collected before it goes to the disk.
const BUFFER: usize = 256 * 1024;

/// Writes a file: `fill` fills a temporary one in the same folder, which takes the place of `path` once it is
/// safely on the disk. If anything fails, nothing has changed.
pub(super) fn write(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<()>,
) -> Result<(), WriteError> {
    let target = target(path)?;
    let failed = |error| WriteError::io(path, error);
    let mut temporary = temporary_beside(&target).map_err(failed)?;
    let mut out = BufWriter::with_capacity(BUFFER, temporary.as_file_mut());
    fill(&mut out).and_then(|()| out.flush()).map_err(failed)?;
    drop(out);
    temporary.as_file().sync_all().map_err(failed)?;
    temporary
        .persist(&target)
        .map_err(|error| failed(error.error))?;
    Ok(())
}

/// Writes a copy of the file `from`.
pub(super) fn copy(from: &Path, path: &Path, progress: &Progress) -> Result<(), WriteError> {
    let unreadable = |source| WriteError::Source {
        path: from.to_owned(),
        source,
    };
    let source = File::open(from).map_err(unreadable)?;
    // Reading a folder fails later, in words that nobody understands.
    let metadata = source.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(unreadable(io::Error::other(Phrase::new(
            "it is no ordinary file",
        ))));
    }
    let mut source = progress.reading(source, metadata.len());
    write(path, |out| io::copy(&mut source, out).map(|_| ()))
}

/// Makes a temporary file where `path` will need one, and takes it away again.
pub(super) fn try_out(path: &Path) -> Result<(), WriteError> {
    let target = target(path)?;
    temporary_beside(&target)
        .map(drop)
        .map_err(|error| WriteError::io(path, error))
}

/// The path at which a file may be put in place: that which a link points to, if `path` is one.
pub(super) fn target(path: &Path) -> Result<PathBuf, WriteError> {
    match fs::metadata(path) {
        Ok(there) if there.is_dir() => Err(WriteError::IsFolder(path.to_owned())),
        Ok(there) if !there.is_file() => Err(WriteError::NotAFile(path.to_owned())),
        Ok(_) => fs::canonicalize(path).map_err(|error| WriteError::io(path, error)),
        Err(_) => {
            let folder = folder_of(path);
            if folder.is_dir() {
                Ok(path.to_owned())
            } else {
                Err(WriteError::NoFolder {
                    path: path.to_owned(),
                    folder: folder.to_owned(),
                })
            }
        }
    }
}

/// The folder in which a file lies.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn temporary_beside(target: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".loopscope-").suffix(".part");
    // Others may read it as far as the user's mask allows, as with any file that a program writes.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder_of(target))
}
