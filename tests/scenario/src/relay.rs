//! The network between a client and the gateway, as a TCP relay that can be cut.
//!
//! Cuts are real ones: connections break, answers are lost after the request arrived. Knows just enough of
//! HTTP/1.1 to tell a push from other requests.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How every push begins. A client sends a request only after the answer to the one before, so a request's
/// first bytes are the first bytes of a read.
const PUSH: &[u8] = b"POST /v1/push ";

/// A link to one server.
pub struct Relay {
    addr: SocketAddr,
    link: Arc<Link>,
    accepting: JoinHandle<()>,
}

struct Link {
    up: watch::Sender<bool>,
    lose: AtomicU32,
    lost: AtomicU32,
}

impl Link {
    /// Whether the answer to this request is to be lost.
    fn loses(&self, request: &[u8]) -> bool {
        request.starts_with(PUSH)
            && self
                .lose
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                .is_ok()
    }
}

impl Relay {
    /// Carry every connection to `listener` on to `server`.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start(listener: TcpListener, server: SocketAddr) -> io::Result<Self> {
        let addr = listener.local_addr()?;
        let link = Arc::new(Link {
            up: watch::Sender::new(true),
            lose: AtomicU32::new(0),
            lost: AtomicU32::new(0),
        });
        let shared = Arc::clone(&link);
        let accepting = tokio::spawn(async move {
            // An error of one accept (a client gone again) does not concern the next.
            loop {
                if let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(carry(client, server, Arc::clone(&shared)));
                }
            }
        });
        Ok(Self {
            addr,
            link,
            accepting,
        })
    }

    /// The URL clients use.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Cut the link, breaking what is connected, or mend it. While cut, new connections break at once.
    pub fn set_up(&self, up: bool) {
        self.link.up.send_replace(up);
    }

    /// Lose the answers to the next `count` pushes: each request reaches the gateway, the gateway answers, and
    /// the client's connection breaks instead. Says how many were lost since it was last called.
    pub fn drop_replies(&self, count: u32) -> u32 {
        self.link.lose.store(count, Ordering::SeqCst);
        self.link.lost.swap(0, Ordering::SeqCst)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
        self.link.up.send_replace(false);
    }
}

async fn carry(mut client: TcpStream, server: SocketAddr, link: Arc<Link>) {
    let mut up = link.up.subscribe();
    if *up.borrow()
        && let Ok(mut server) = TcpStream::connect(server).await
    {
        tokio::select! {
            _ = up.wait_for(|up| !up) => {}
            _ = exchange(&mut client, &mut server, &link) => {}
        }
    }
    // A reset, as a broken link gives, and no orderly end.
    let _ = client.set_zero_linger();
}

/// Ends when either side closes, breaks, or an answer is to be lost.
async fn exchange(client: &mut TcpStream, server: &mut TcpStream, link: &Link) -> io::Result<()> {
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let losing = AtomicBool::new(false);
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    tokio::select! {
        ended = requests(from_client, to_server, link, &losing) => ended,
        ended = answers(from_server, to_client, link, &losing) => ended,
    }
}

async fn requests(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    link: &Link,
    losing: &AtomicBool,
) -> io::Result<()> {
    let mut piece = vec![0_u8; 64 * 1024];
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return Ok(());
        }
        if link.loses(&piece[..length]) {
            losing.store(true, Ordering::SeqCst);
        }
        to.write_all(&piece[..length]).await?;
    }
}

async fn answers(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    link: &Link,
    losing: &AtomicBool,
) -> io::Result<()> {
    let mut piece = vec![0_u8; 64 * 1024];
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return Ok(());
        }
        if losing.load(Ordering::SeqCst) {
            link.lost.fetch_add(1, Ordering::SeqCst);
            return Ok(());
        }
        to.write_all(&piece[..length]).await?;
    }
}
