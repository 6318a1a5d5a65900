use super::*;
use axum::routing::get;
use pulse::AtWork;
use std::collections::VecDeque;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

const LONG: Duration = Duration::from_secs(3600);

fn patient() -> Patience {
    Patience {
        first: LONG,
        idle: LONG,
        stall: LONG,
    }
}

fn door(total: usize, per_address: usize) -> Arc<Door> {
    let places = Places {
        total,
        per_address,
        proxies: Proxies::parse(&["10.0.0.2".to_owned()]).expect("an address"),
    };
    Arc::new(Door::new(places, patient()))
}

fn from(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// What `accept` answers, one after the other; then nothing more comes.
struct Scripted(VecDeque<io::Result<(DuplexStream, SocketAddr)>>);

impl Entrance for Scripted {
    type Io = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, SocketAddr)> {
        match self.0.pop_front() {
            Some(next) => next,
            None => std::future::pending().await,
        }
    }

    fn refuse(_: DuplexStream) {}
}

#[tokio::test]
async fn a_failing_accept_is_counted_and_the_next_caller_is_served() {
    let (mut ours, theirs) = duplex(64 * 1024);
    let short = || Err(io::Error::from_raw_os_error(24));
    let gone = Err(io::ErrorKind::ConnectionAborted.into());
    let peer = SocketAddr::new(from("192.0.2.1"), 4711);
    let script = Scripted(VecDeque::from([short(), gone, short(), Ok((theirs, peer))]));
    let door = door(8, 8);
    let (close, closed) = oneshot::channel();
    let router = Router::new().route("/", get(async || "here"));
    let serving = tokio::spawn(Arc::clone(&door).serve(script, router, closed));
    let asked = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    ours.write_all(asked).await.expect("a request");
    let mut answer = String::new();
    ours.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.ends_with("here"), "{answer}");
    let stats = door.stats();
    assert_eq!((stats.accept_errors, stats.accepted), (2, 1), "{stats:?}");
    close.send(()).expect("the door is open");
    serving.await.expect("no panic");
}

#[tokio::test]
async fn a_newcomer_takes_the_place_of_the_least_busy_and_never_of_somebody_signed_in() {
    let door = door(4, 4);
    let enter = |number| door.enter(number, from("192.0.2.1"));
    let [silent, idle, stranger, signed_in] = [1, 2, 3, 4].map(|number| enter(number).expect("a place"));
    drop(AtWork::begin(&idle.pulse));
    let _at_work = AtWork::begin(&stranger.pulse);
    let known = AtWork::begin(&signed_in.pulse);
    known.known().say();
    known.known().say();
    for (number, leaves) in [(5, &silent), (6, &idle), (7, &stranger)] {
        let newcomer = enter(number).expect("a place");
        leaves.pulse.told_to_leave().await;
        // What comes in stays busy, so that the next one has to look further.
        let busy = AtWork::begin(&newcomer.pulse);
        busy.known().say();
        std::mem::forget((newcomer, busy));
    }
    assert!(enter(8).is_none(), "everybody at work is signed in");
    drop(known);
    assert!(enter(9).is_some(), "its request is answered");
    let stats = door.stats();
    assert_eq!((stats.displaced, stats.turned_away), (4, 1), "{stats:?}");
}

#[test]
fn an_address_has_its_share_and_a_proxy_stands_for_many() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let _entered = runtime.enter();
    let door = door(10, 2);
    let mut places: Vec<_> = (0..3)
        .map(|number| door.enter(number, from("192.0.2.1")))
        .collect();
    assert!(places.iter().all(Option::is_some));
    assert_eq!(
        door.from(from("192.0.2.1")),
        2,
        "the third took the place of the first"
    );
    places.extend((3..9).map(|number| door.enter(number, from("10.0.0.2"))));
    assert_eq!(door.from(from("10.0.0.2")), 6);
    // The house is full only now; the crowd has to give way, not the two.
    places.extend((9..12).map(|number| door.enter(number, from("198.51.100.7"))));
    assert_eq!(door.from(from("10.0.0.2")), 6);
    assert_eq!(door.from(from("198.51.100.7")), 2);
    places.push(door.enter(12, from("203.0.113.1")));
    assert_eq!(door.from(from("10.0.0.2")), 5);
    places.clear();
    assert!(door.inside().is_empty());
}
