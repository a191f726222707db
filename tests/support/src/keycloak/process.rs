//! A Keycloak server as a process that does not outlive whoever started it.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::http;
use super::install::{self, Install};

/// Name and password of the administrator of every test server.
pub(crate) const ADMIN: &str = "admin";

/// The longest that a start may take; a loaded machine needs a multiple of the usual 6 to 30 seconds.
const START_LIMIT: Duration = Duration::from_secs(120);

/// Replaces what the start script chooses: half the processor time, a third less memory.
const JAVA_OPTS: &str = "-Xms64m -Xmx512m -XX:MetaspaceSize=96M -XX:MaxMetaspaceSize=256m -Dfile.encoding=UTF-8 \
    -Djava.security.egd=file:/dev/urandom -XX:+UseSerialGC -XX:TieredStopAtLevel=1";

/// Runs the server as a process group of its own and watches its standard input: a line there stops the server in good order; the end
/// of the input, which comes however the process at the other end may end, kills it. `$1` is a folder to remove then, or empty.
const WATCHDOG: &str = r#"
set -m
folder=$1
shift
"$@" </dev/null &
server=$!
while kill -0 "$server" 2>/dev/null; do
    if read -r -t 1 _; then
        kill -TERM -- "-$server"
        break
    elif [ $? -le 128 ]; then
        kill -KILL -- "-$server"
        break
    fi
done
wait "$server"
[ -z "$folder" ] || rm -rf -- "$folder"
"#;

/// A running server.
pub(crate) struct Running {
    /// Its base URL.
    pub(crate) base: String,
    watchdog: Child,
    input: Option<ChildStdin>,
}

impl Running {
    /// Starts a server on a copy of the prepared database, on a port where that is free, and waits until its administrator can log in.
    pub(crate) fn on_copy(install: &Install, port: Option<u16>) -> Result<Self, String> {
        let folder = tempfile::Builder::new()
            .prefix("cloakrun-keycloak-")
            .tempdir()
            .map_err(|error| format!("cannot make a folder for the database: {error}"))?;
        fs::copy(&install.database, folder.path().join("keycloakdb.mv.db"))
            .map_err(|error| format!("cannot copy the database: {error}"))?;
        // The watchdog removes the folder, which it does even when this process is killed.
        Self::launch(&install.home, &folder.keep(), true, port)
    }

    /// Starts a server with its database in `folder`, which stays.
    pub(crate) fn in_folder(home: &Path, folder: &Path) -> Result<Self, String> {
        Self::launch(home, folder, false, None)
    }

    fn launch(home: &Path, folder: &Path, removes_folder: bool, wanted: Option<u16>) -> Result<Self, String> {
        let log = folder.join("server.log");
        let failed = |what: &str, error: std::io::Error| format!("{what}: {error}");
        let output = File::create(&log).map_err(|error| failed("cannot make the server's log", error))?;
        let errors = output.try_clone().map_err(|error| failed("cannot write the server's log", error))?;
        let port = free_port(wanted).map_err(|error| failed("there is no free port", error))?;
        let mut watchdog = Command::new("bash")
            .args(["-c", WATCHDOG, "watchdog"])
            .arg(if removes_folder { folder.as_os_str() } else { "".as_ref() })
            .arg(home.join("bin").join("kc.sh"))
            .args(["start-dev", "--http-host", "127.0.0.1", "--http-port", &port.to_string()])
            // Not an argument: the start script of 22.0 takes its semicolons for its own.
            .env(
                "KC_DB_URL",
                format!("jdbc:h2:file:{}/keycloakdb;NON_KEYWORDS=VALUE;AUTO_SERVER=TRUE", folder.display()),
            )
            .env("JAVA_OPTS", JAVA_OPTS)
            .envs([("KEYCLOAK_ADMIN", ADMIN), ("KEYCLOAK_ADMIN_PASSWORD", ADMIN)])
            .envs([("KC_BOOTSTRAP_ADMIN_USERNAME", ADMIN), ("KC_BOOTSTRAP_ADMIN_PASSWORD", ADMIN)])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(|error| failed("cannot start bash", error))?;
        let input = watchdog.stdin.take();
        let mut running = Running { base: format!("http://127.0.0.1:{port}"), watchdog, input };
        match running.wait_until_ready() {
            Ok(()) => Ok(running),
            Err(why) => Err(format!("{why}; the server's log ends:\n{}", install::end_of(&log))),
        }
    }

    fn wait_until_ready(&mut self) -> Result<(), String> {
        let end = Instant::now() + START_LIMIT;
        let url = format!("{}/realms/master/protocol/openid-connect/token", self.base);
        let form = [
            ("grant_type", "password"),
            ("client_id", "admin-cli"),
            ("username", ADMIN),
            ("password", ADMIN),
        ];
        while Instant::now() < end {
            // Old servers listen before their first administrator exists.
            if http::send(http::local().post(&url).form(&form)).is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            if let Ok(Some(status)) = self.watchdog.try_wait() {
                return Err(format!("it ended by itself ({status})"));
            }
            thread::sleep(Duration::from_millis(250));
        }
        Err(format!("its administrator cannot log in after {} seconds", START_LIMIT.as_secs()))
    }

    /// Stops the server in good order, so that its database file is whole.
    pub(crate) fn stop(mut self) -> Result<(), String> {
        use std::io::Write;
        let asked = self.input.as_mut().is_some_and(|input| input.write_all(b"stop\n").is_ok());
        let ended = self.watchdog.wait();
        if asked && ended.is_ok() {
            Ok(())
        } else {
            Err("the server cannot be stopped in good order".to_owned())
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.watchdog.wait();
    }
}

// Another process may take it before the server does; then the start fails and says so.
fn free_port(wanted: Option<u16>) -> std::io::Result<u16> {
    let bind = |port| TcpListener::bind(("127.0.0.1", port));
    let listener = wanted.and_then(|port| bind(port).ok()).map_or_else(|| bind(0), Ok)?;
    Ok(listener.local_addr()?.port())
}
