//! The emulated city and the gateway together: started in order, waited for, stopped in reverse.

use super::server::{self, Server};
use crate::command::Invocation;
use crate::problem::{Problem, Result};
use crate::workspace;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// The two loopback ports.
pub(crate) struct Ports {
    gateway: u16,
    city: u16,
}

impl Ports {
    /// `gateway` and the next one, if both are free.
    pub(super) fn new(gateway: u16) -> Result<Self> {
        let ports = Self {
            gateway,
            city: gateway + 1,
        };
        for port in [ports.gateway, ports.city] {
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| {
                let other = if gateway < 60_000 { gateway + 100 } else { 8700 };
                Problem::new(
                    format!("port {port} on 127.0.0.1 cannot be used: {error}"),
                    format!(
                        "stop the program that holds it, or choose another: cargo xtask run --port {other}"
                    ),
                )
                .zh(format!(
                    "端口 {port} 不可用：请停止占用它的程序，或换一个端口：cargo xtask run --port {other}"
                ))
            })?;
        }
        Ok(ports)
    }

    /// Two that nobody uses at the moment.
    pub(crate) fn any() -> Result<Self> {
        let free = || -> std::io::Result<(TcpListener, u16)> {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            let port = listener.local_addr()?.port();
            Ok((listener, port))
        };
        // Both are held until both are known, so that they differ.
        let both = free().and_then(|first| Ok((first, free()?)));
        let ((_, gateway), (_, city)) = both.map_err(|error| {
            Problem::new(
                format!("no free port on 127.0.0.1: {error}"),
                "stop some servers on this machine",
            )
        })?;
        Ok(Self { gateway, city })
    }

    /// Origin of the gateway and the pages.
    pub(crate) fn gateway_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.gateway)
    }

    /// Origin of the emulated city.
    pub(crate) fn city_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.city)
    }
}

/// The sample directory: units, people and routes, all synthetic.
pub(crate) fn directory() -> PathBuf {
    workspace::root().join("tests/city/sample/directory.toml")
}

/// Both servers, running on one data folder.
pub(crate) struct System {
    /// Where they listen.
    pub(crate) ports: Ports,
    /// Their data folder.
    pub(super) data: PathBuf,
    /// Where the programs are.
    pub(super) programs: PathBuf,
    servers: Vec<Server>,
}

impl System {
    /// Start the programs built in `programs`. The data folder was made by [`super::prepare`].
    pub(crate) fn start(programs: &Path, ports: Ports, data: &Path, web: &Path) -> Result<Self> {
        let shared = [data.join("city.toml"), directory()];
        let shared = [
            "--config".as_ref(),
            shared[0].as_os_str(),
            "--directory".as_ref(),
            shared[1].as_os_str(),
        ];
        let city = Server::start(
            Invocation::new(programs.join("shenhai-city"))
                .args(["serve", "--listen", &format!("127.0.0.1:{}", ports.city)])
                .args(["--gateway", &ports.gateway_url()])
                .args(shared),
            "city",
            data,
        )?;
        let gateway = Server::start(
            Invocation::new(programs.join("shenhai-gateway"))
                .args(["serve", "--listen", &format!("127.0.0.1:{}", ports.gateway)])
                .args([
                    "--data".as_ref(),
                    data.join("gateway").as_os_str(),
                    "--web".as_ref(),
                    web.as_os_str(),
                ])
                .args(shared),
            "gateway",
            data,
        )?;
        let (data, programs) = (data.to_path_buf(), programs.to_path_buf());
        Ok(Self {
            ports,
            data,
            programs,
            servers: vec![city, gateway],
        })
    }

    /// Wait until both answer. False when a signal came first.
    pub(crate) fn ready(&mut self, stop: &AtomicBool) -> Result<bool> {
        let city = format!("{}/", self.ports.city_url());
        let gateway = format!("{}/healthz", self.ports.gateway_url());
        Ok(self.answers(&city, stop)? && self.answers(&gateway, stop)?)
    }

    /// Wait until `url` answers 200. False when a signal came first.
    pub(super) fn answers(&mut self, url: &str, stop: &AtomicBool) -> Result<bool> {
        server::answers(url, &mut self.servers, stop)
    }

    /// Fails when one of them has ended by itself.
    pub(super) fn still_running(&mut self) -> Result<()> {
        self.servers.iter_mut().try_for_each(Server::still_running)
    }

    /// Stop both; the gateway first, so that it can still deliver feedback to the city while it stops.
    pub(crate) fn stop(&mut self) {
        for server in self.servers.iter_mut().rev() {
            server.stop();
        }
    }
}
