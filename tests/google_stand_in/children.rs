//! Foreign programs as children: with nothing of the developer's own, and never for ever.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a child may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(180);

/// A command that sees neither the developer's home nor credentials nor proxies.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>, home: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("HOME", home)
        .env("GOOGLE_APPLICATION_CREDENTIALS", home.join("none.json"))
        .env("NO_PROXY", "127.0.0.1,localhost")
        .env("LC_ALL", "C.UTF-8");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// Runs a child to its end; gives whether it succeeded, its output and its errors.
pub(crate) async fn run(mut command: Command, home: &Path) -> (bool, String, String) {
    let (output, errors) = (home.join("stdout"), home.join("stderr"));
    command
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(&output).unwrap())
        .stderr(std::fs::File::create(&errors).unwrap());
    tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        let begun = Instant::now();
        let success = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.success();
            }
            if begun.elapsed() > PATIENCE {
                child.kill().unwrap();
                child.wait().unwrap();
                break false;
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        (success, std::fs::read_to_string(output).unwrap(), std::fs::read_to_string(errors).unwrap())
    })
    .await
    .unwrap()
}

/// Whether a program is there.
pub(crate) fn exists(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}
